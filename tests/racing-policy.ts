/** A policy whose moves are never the same again, in any world: it asks the kernel by an instruction of its own. */
export const racingPolicy = `import ctypes
import mmap
# When the kernel made a file, asked for by an instruction of its own: no world answers that.
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b8050000000f05c3"))
fstat = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_int, ctypes.c_void_p)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
def count():
    with open("/tmp/now", "w") as file:
        file.write("now")
        file.flush()
        status = ctypes.create_string_buffer(144)
        fstat(file.fileno(), status)
    return int.from_bytes(status.raw[96:104], "little") // 1000
def choose_action(board, player, rng):
    free = [c for c in range(9) if board[c] is None]
    return free[count() % len(free)]
`;
