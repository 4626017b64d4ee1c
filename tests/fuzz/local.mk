# Parsers of bytes from outside: libFuzzer targets, their corpora, and the replay of those.
