"""What a predict.py is made of: one module for each kind of rows and answers, plain classes all of them."""
