"""What stock images have and machines lack: programs that need nothing but the Python that starts them."""
