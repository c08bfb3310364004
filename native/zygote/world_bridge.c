/*
 * Python's way to the sealed world around it: `_zygote.world_begin`, `world_go_on`, `world_rekey`, `world_step`, `world_look`,
 * `world_name`.
 *
 * The world is another library, loaded before everything else or not at all, so its functions are looked for by name and
 * a process of the host's world does without.
 */
#include "zygote.h"
#include "world/ledger.h"
#include <dlfcn.h>
#include <stdbool.h>

typedef int begin_function(const void *, size_t);
typedef int rekey_function(const void *, size_t);
typedef int step_function(uint64_t, uint64_t[LEDGER_KINDS], uint64_t[LEDGER_KINDS]);
typedef void look_function(uint64_t[LEDGER_KINDS], uint64_t[LEDGER_KINDS]);
typedef uint32_t lacks_function(void);
typedef void watch_function(int);
typedef bool places_function(size_t *, uintptr_t *);
typedef bool large_function(void);
typedef void mapped_function(uint64_t);
typedef void moved_function(uint64_t, uint64_t, uint64_t, uint64_t);

static begin_function *begin;
static rekey_function *rekey;
static step_function *step;
static lacks_function *lacks;
static moved_function *moved;
static places_function *places;
static large_function *places_large;
static mapped_function *mapped;
static begin_function *go_on;
static look_function *look;
static void (*go_back)(void);

void world_bridge_find(void) {
  begin = (begin_function *)dlsym(RTLD_DEFAULT, "sameseed_world_begin");
  rekey = (rekey_function *)dlsym(RTLD_DEFAULT, "sameseed_world_rekey");
  step = (step_function *)dlsym(RTLD_DEFAULT, "sameseed_world_step");
  lacks = (lacks_function *)dlsym(RTLD_DEFAULT, "sameseed_world_lacks");
  moved = (moved_function *)dlsym(RTLD_DEFAULT, "sameseed_world_moved");
  places = (places_function *)dlsym(RTLD_DEFAULT, "sameseed_world_places");
  places_large = (large_function *)dlsym(RTLD_DEFAULT, "sameseed_world_places_large");
  mapped = (mapped_function *)dlsym(RTLD_DEFAULT, "sameseed_world_mapped");
  go_on = (begin_function *)dlsym(RTLD_DEFAULT, "sameseed_world_go_on");
  go_back = (void (*)(void))dlsym(RTLD_DEFAULT, "sameseed_world_return");
  look = (look_function *)dlsym(RTLD_DEFAULT, "sameseed_world_look");
  void (*try_old_page)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "sameseed_world_try_old_page");
  if (try_old_page) try_old_page();
  watch_function *watch = (watch_function *)dlsym(RTLD_DEFAULT, "sameseed_world_watch_lock");
  PyThread_type_lock lock = watch ? PyThread_allocate_lock() : NULL;
  if (!lock) return;
  watch(1);
  PyThread_acquire_lock(lock, WAIT_LOCK);
  watch(0);
  PyThread_release_lock(lock);
  PyThread_free_lock(lock);
}

static PyObject *with_settings(begin_function *use, PyObject *settings) {
  char *bytes;
  Py_ssize_t length;
  if (PyBytes_AsStringAndSize(settings, &bytes, &length) < 0) return NULL;
  if (!use) Py_RETURN_FALSE;
  if (use(bytes, (size_t)length) == 0) Py_RETURN_TRUE;
  PyErr_SetString(PyExc_ValueError, "these are not the settings of a world");
  return NULL;
}

PyObject *world_begin(PyObject *module, PyObject *settings) {
  (void)module;
  return with_settings(begin, settings);
}

PyObject *world_go_on(PyObject *module, PyObject *settings) {
  (void)module;
  return with_settings(go_on, settings);
}

PyObject *world_rekey(PyObject *module, PyObject *key) {
  (void)module;
  char *bytes;
  Py_ssize_t length;
  if (PyBytes_AsStringAndSize(key, &bytes, &length) < 0) return NULL;
  if (!rekey) Py_RETURN_FALSE;
  if (rekey(bytes, (size_t)length) == 0) Py_RETURN_TRUE;
  PyErr_SetString(PyExc_ValueError, "a world's key has 32 bytes");
  return NULL;
}

static PyObject *tuple_of(const uint64_t counts[LEDGER_KINDS]) {
  PyObject *tuple = PyTuple_New(LEDGER_KINDS);
  for (Py_ssize_t i = 0; tuple && i < LEDGER_KINDS; i++) {
    PyObject *count = PyLong_FromUnsignedLongLong(counts[i]);
    if (!count) Py_CLEAR(tuple);
    else PyTuple_SET_ITEM(tuple, i, count);
  }
  return tuple;
}

/* None, or two tuples: the ledger's counts, and those in which real time had a part. */
PyObject *world_step(PyObject *module, PyObject *k) {
  (void)module;
  uint64_t counts[LEDGER_KINDS], beside[LEDGER_KINDS];
  unsigned long long number = PyLong_AsUnsignedLongLong(k);
  if (number == (unsigned long long)-1 && PyErr_Occurred()) return NULL;
  if (!step || !step(number, counts, beside)) Py_RETURN_NONE;
  return Py_BuildValue("(NN)", tuple_of(counts), tuple_of(beside));
}

/* Two tuples as of world_step, or None where there is no sealed world. */
PyObject *world_look(PyObject *module, PyObject *nothing) {
  (void)module, (void)nothing;
  uint64_t counts[LEDGER_KINDS], beside[LEDGER_KINDS];
  if (!look) Py_RETURN_NONE;
  look(counts, beside);
  return Py_BuildValue("(NN)", tuple_of(counts), tuple_of(beside));
}

PyObject *world_return(PyObject *module, PyObject *nothing) {
  (void)module, (void)nothing;
  if (go_back) go_back();
  Py_RETURN_NONE;
}

/* "host", or "sealed" and what does not hold, separated by spaces. */
PyObject *world_name(PyObject *module, PyObject *nothing) {
  (void)module, (void)nothing;
  if (!lacks) return PyUnicode_FromString("host");
  uint32_t bits = lacks();
  return PyUnicode_FromFormat("sealed%s%s%s%s%s%s%s%s%s%s%s", bits & LACK_VDSO ? " vdso" : "", bits & LACK_TRAP ? " trap" : "",
                              bits & LACK_AUXV ? " auxv" : "", bits & LACK_THREADS ? " threads" : "",
                              bits & LACK_RSEQ ? " rseq" : "", bits & LACK_CHILDREN ? " children" : "",
                              bits & LACK_CYCLES ? " cycles" : "", bits & LACK_LOOPBACK ? " loopback" : "",
                              bits & LACK_OLD_PAGE ? " old-page" : "", bits & LACK_LAYOUT ? " layout" : "",
                              bits & LACK_EPOLL ? " epoll" : "");
}

int world_is_sealed(void) {
  return begin != NULL;
}

int world_places_large(void) { return places_large && places_large(); }

int world_places(size_t *kernels, uintptr_t *linker_end) {
  return places && places(kernels, linker_end);
}

void world_mapped(uint64_t bytes) {
  if (mapped) mapped(bytes);
}

/* A copy's own file, folder or stream takes the place of the one it was copied from. */
void world_moved(uint64_t device, uint64_t inode, uint64_t to_device, uint64_t to_inode) {
  if (moved) moved(device, inode, to_device, to_inode);
}
