"""What holds for every test."""

import signal

# A run in the background of a script is started with these ignored, and so would be all that tests start.
for number in (signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
