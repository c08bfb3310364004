"""The offset of descriptor 0, where both have the same open file there."""

import os


class Writer:
    def set(self, bit):
        os.lseek(0, 7 if bit else 0, os.SEEK_SET)


class Reader:
    def get(self):
        return os.lseek(0, 0, os.SEEK_CUR) == 7
