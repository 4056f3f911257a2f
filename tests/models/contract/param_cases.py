"""What a value of each type may be, as text: the guard and the trainer are held to the same table."""

CASES = [
    # (type, text, whether it is taken)
    *(("int", text, True) for text in ("0", "-5", "+7", "007", "123456789012345678")),
    *(("int", text, False) for text in ("", "1.0", "1e3", "0x1", "1_000", " 1", "1\n", "\u0663", "9" * 19)),
    *(("float", text, True) for text in ("0", "-1.5", "1e-3", ".5", "2.", "+1E+2", "1e-06")),
    *(("float", text, False) for text in ("", ".", "nan", "inf", "1,5", "1e999", "e5", "1_0.5", "0x1p3")),
    *(("float", text, False) for text in ("\u0663.5", " 1", "1 ", "1e9999")),
    *(("bool", text, True) for text in ("true", "false")),
    *(("bool", text, False) for text in ("", "True", "TRUE", "yes", "1", "true ", "false\n")),
    *(("str", text, True) for text in ("", "any text", "\u00e4", "a=b", "50$", "$HOME", "-x")),
    *(("str", text, False) for text in ("a\nb", "a\x00", "$(HOME)", "a\x7f", "\t")),
    *(("choice", text, True) for text in ("a", "b c")),
    *(("choice", text, False) for text in ("", "A", "a ", "c")),
]
VALUES = {"int": 0, "float": 0.5, "bool": False, "str": "", "choice": "a"}
CHOICES = ("a", "b c")
