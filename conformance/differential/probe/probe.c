// Prints what a process can see, as a list asks for it: one field per line. Static, so that it runs anywhere.
// usage: probe [WORD...]                 the list is /probe.list, the output standard output
//        probe --hook LIST OUTPUT ...    as a hook: appends to OUTPUT, standard input included
#define _GNU_SOURCE
#include "probe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

extern char **environ;
static FILE *output;

void field_bytes(const char *name, const char *value, long length) {
  fprintf(output, "%s\t", name);
  for (long at = 0; at < length; at++) {
    unsigned char byte = (unsigned char)value[at];
    if (byte == '\n') fputs("\\n", output);
    else if (byte == '\t') fputs("\\t", output);
    else if (byte == '\\') fputs("\\\\", output);
    else if (byte < ' ') fprintf(output, "\\x%02x", byte);
    else fputc(byte, output);
  }
  fputc('\n', output);
}

void field(const char *name, const char *format, ...) {
  char value[4096];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(value, sizeof value, format, arguments);
  va_end(arguments);
  field_bytes(name, value, length < (int)sizeof value ? length : (int)sizeof value - 1);
}

void field_failed(const char *name) { field(name, "!%s", strerrorname_np(errno)); }

static void print_descriptor_contents(const char *name, int fd) {
  static char content[1 << 18];
  long length = 0, count = 0;
  while (length < (long)sizeof content && (count = read(fd, content + length, sizeof content - (size_t)length)) > 0)
    length += count;
  if (count < 0 && length == 0) field_failed(name);
  else field_bytes(name, content, length);
}

static void print_contents(const char *path) {
  char name[PATH_MAX];
  snprintf(name, sizeof name, "read %s", path);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) { field_failed(name); return; }
  print_descriptor_contents(name, fd);
  close(fd);
}

static void print_link(const char *path) {
  char name[PATH_MAX], target[PATH_MAX];
  snprintf(name, sizeof name, "link %s", path);
  long length = readlink(path, target, sizeof target);
  if (length < 0) field_failed(name);
  else field_bytes(name, target, length);
}

static void print_stat(const char *path) {
  char name[PATH_MAX], target[PATH_MAX];
  struct stat st;
  snprintf(name, sizeof name, "stat %s", path);
  if (lstat(path, &st) < 0) { field_failed(name); return; }
  long length = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof target - 1) : 0;
  target[length < 0 ? 0 : length] = '\0';
  if (S_ISLNK(st.st_mode)) field(name, "link %s %u:%u", target, st.st_uid, st.st_gid);
  else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
    field(name, "%o %u:%u device %u:%u", st.st_mode, st.st_uid, st.st_gid, major(st.st_rdev), minor(st.st_rdev));
  else field(name, "%o %u:%u", st.st_mode, st.st_uid, st.st_gid);
}

// Not below folders of kernel file systems: the depth is for /dev.
static void print_tree(const char *path, int depth) {
  char child[PATH_MAX];
  DIR *folder = opendir(path);
  if (folder == NULL) { snprintf(child, sizeof child, "tree %s", path); field_failed(child); return; }
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(child, sizeof child, "%s/%s", strcmp(path, "/") == 0 ? "" : path, entry->d_name);
    print_stat(child);
    if (depth > 1 && entry->d_type == DT_DIR) print_tree(child, depth - 1);
  }
  closedir(folder);
}

static void print_names(const char *path) {
  char name[PATH_MAX], names[1 << 14] = "";
  struct dirent **entries;
  snprintf(name, sizeof name, "names %s", path);
  int count = scandir(path, &entries, NULL, alphasort);
  if (count < 0) { field_failed(name); return; }
  for (int at = 0; at < count; at++) {
    if (entries[at]->d_name[0] == '.' || strlen(names) > sizeof names - 300) continue;
    strcat(strcat(names, names[0] == '\0' ? "" : " "), entries[at]->d_name);
  }
  field(name, "%s", names);
}

// `controller/file` of the process's own cgroup in the host's tree, which is mounted at /cgroup.
static void print_cgroup_file(const char *wanted) {
  char name[PATH_MAX], line[PATH_MAX], path[3 * PATH_MAX];
  long length = strchr(wanted, '/') - wanted;
  snprintf(name, sizeof name, "cgroup %s", wanted);
  FILE *groups = fopen("/proc/self/cgroup", "re");
  if (groups == NULL) { field_failed(name); return; }
  while (fgets(line, sizeof line, groups) != NULL) {
    char *controller = strchr(line, ':') + 1, *group = strchr(controller, ':') + 1;
    if (group - controller - 1 != length || strncmp(controller, wanted, (size_t)length) != 0) continue;
    group[strcspn(group, "\n")] = '\0';
    snprintf(path, sizeof path, "/cgroup/%.*s%s%s", (int)length, wanted, group, wanted + length);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) field_failed(name);
    else print_descriptor_contents(name, fd);
    if (fd >= 0) close(fd);
  }
  fclose(groups);
}

// Opens and closes only, reads and writes nothing.
static void print_open(const char *word, const char *path, int flags) {
  char name[PATH_MAX];
  snprintf(name, sizeof name, "%s %s", word, path);
  int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) { field_failed(name); return; }
  field(name, "ok");
  close(fd);
}

static void print_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) { field_failed("fd"); return; }
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fd == dirfd(folder) || (output != stdout && fd == fileno(output))) continue;
    char path[64], name[64], target[PATH_MAX];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(name, sizeof name, "fd %d", fd);
    long length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = '\0';
    field(name, "%s flags %o %s", target, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD) ? "cloexec" : "");
  }
  closedir(folder);
}

static void print_words(int argc, char **argv) {
  char name[64];
  for (int at = 0; at < argc; at++) {
    snprintf(name, sizeof name, "arg %d", at);
    field(name, "%s", argv[at]);
  }
  for (int at = 0; environ[at] != NULL; at++) {
    snprintf(name, sizeof name, "env %d", at);
    field(name, "%s", environ[at]);
  }
}

static void obey(const char *line) {
  const char *word = line, *rest = strchr(line, ' ');
  long length = rest == NULL ? (long)strlen(line) : rest - line;
  const char *path = rest == NULL ? "" : rest + 1;
#define IS(name) (length == (long)strlen(name) && strncmp(word, name, (size_t)length) == 0)
  if (IS("read")) print_contents(path);
  else if (IS("link")) print_link(path);
  else if (IS("stat")) print_stat(path);
  else if (IS("tree")) print_tree(path, 3);
  else if (IS("names")) print_names(path);
  else if (IS("open")) print_open("open", path, O_RDONLY);
  else if (IS("write")) print_open("write", path, O_WRONLY);
  else if (IS("create")) print_open("create", path, O_WRONLY | O_CREAT);
  else if (IS("cgroup")) print_cgroup_file(path);
  else if (IS("fds")) print_descriptors();
  else if (IS("process")) print_process();
  else if (IS("try")) { fflush(output); try_call(path); }
  else if (IS("stdin")) print_descriptor_contents("stdin", 0);
  else field(line, "?");
}

int main(int argc, char **argv) {
  int is_hook = argc > 3 && strcmp(argv[1], "--hook") == 0;
  // Before anything of our own is open.
  FILE *list = fopen(is_hook ? argv[2] : "/probe.list", "re");
  output = is_hook ? fopen(argv[3], "ae") : stdout;
  if (list == NULL || output == NULL) { perror("probe"); return 120; }
  static char lines[1 << 16];
  lines[fread(lines, 1, sizeof lines - 1, list)] = '\0';
  fclose(list);
  if (is_hook) field("hook", "%s", argc > 4 ? argv[4] : "");
  print_words(argc, argv);
  for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n")) obey(line);
  field("end", "ok");
  return fflush(output) == 0 ? 0 : 121;
}
