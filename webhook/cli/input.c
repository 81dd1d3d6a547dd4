/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as the command line names them, read one document after another. */
#include "webhook/cli/input.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "patches/yaml/yaml.h"

static const struct input_kind manifest_kind = {.endings = ".yaml .yml .json", .max = MANIFESTS_MAX, .flags = FILE_UTF8};

static int read_file(struct arena *a, const char *path, const struct input_kind *kind, struct named_text *ret, struct err *err)
{
	ret->name = strcmp(path, "-") == 0 ? "standard input" : path;
	return file_read(a, path, kind->max, kind->flags | FILE_STDIN, &ret->text, err);
}

int manifests_read(struct arena *a, const char *path, struct named_text *ret, struct err *err)
{
	return read_file(a, path, &manifest_kind, ret, err);
}

static int refuse_url(const char *path, struct err *err)
{
	if (strncmp(path, "http://", 7) != 0 && strncmp(path, "https://", 8) != 0)
		return 0;
	return err_set(err, ERR_CONFIG, "%.200s is a URL, and nothing is fetched from the network: `curl URL | outrigger ... -f -`", path);
}

int files_needed(const struct options *o, struct err *err)
{
	size_t standard = 0;

	if (!o->files.len)
		return err_set(err, ERR_CONFIG, "-f FILE is needed; -f - reads standard input");
	if (o->n_rest)
		return err_set(err, ERR_CONFIG, "takes no arguments, got '%.64s'; -f names the file", o->rest[0]);
	for (size_t i = 0; i < o->files.len; i++) {
		if (!o->files.item[i][0])
			return err_set(err, ERR_CONFIG, "-f '' names no file; -f - reads standard input");
		if (refuse_url(o->files.item[i], err) < 0)
			return -1;
		standard += strcmp(o->files.item[i], "-") == 0;
	}
	return standard > 1 ? err_set(err, ERR_CONFIG, "-f - may be given once: standard input ends only once") : 0;
}

/* --- several files ---------------------------------------------------------------------------------------------- */

/* optional: what holds nothing is left out. */
static int add(struct arena *a, struct manifests *to, const char *path, const struct input_kind *kind, bool optional, struct err *err)
{
	struct named_text text = {0};
	struct named_text *item;

	if (read_file(a, path, kind, &text, err) < 0)
		return -1;
	if (optional && str_trim_space(text.text).len == 0)
		return 0;
	if (to->len == MANIFEST_FILES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d files", MANIFEST_FILES_MAX);
	/* Twice as many where the number is a power of two. */
	item = to->len & (to->len - 1) ? to->item
				       : arena_grow(a, to->item, to->len * sizeof(*item), (to->len ? 2 * to->len : 1) * sizeof(*item));
	if (!item)
		return err_nomem(err);
	item[to->len++] = text;
	to->item = item;
	return 0;
}

static bool has_ending(const char *name, const char *endings)
{
	struct str rest = str_of(endings);

	while (rest.p) {
		const struct str ending = str_cut(&rest, ' ');
		const size_t len = strlen(name);

		if (len > ending.len && strncmp(name + len - ending.len, ending.p, ending.len) == 0)
			return true;
	}
	return false;
}

static bool is_directory(const char *path)
{
	struct stat s;

	return strcmp(path, "-") != 0 && path[0] && stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static int add_directory(struct arena *a, const char *path, const struct input_kind *kind, struct manifests *to, struct err *err)
{
	struct dirent **found;
	const int n = scandir(path, &found, NULL, alphasort);
	int status = 0, taken = 0;

	if (n < 0) {
		(void)err_set(err, ERR_IO, "cannot read the directory: %s", strerror(errno));
		return err_at(err, "%s", path);
	}
	for (int i = 0; i < n; i++) {
		const char *whole = status == 0 && has_ending(found[i]->d_name, kind->endings)
					    ? arena_printf(a, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", found[i]->d_name)
					    : NULL;

		if (whole && !is_directory(whole)) {
			taken++;
			status = add(a, to, whole, kind, true, err);
		}
		free(found[i]);
	}
	free(found);
	if (status == 0 && !taken)
		return err_set(err, ERR_INPUT, "%s: the directory holds no file that ends in one of %s", path, kind->endings);
	return status;
}

int inputs_read_all(struct arena *a, const struct option_list *files, const struct input_kind *kind, struct manifests *ret, struct err *err)
{
	struct manifests all = {NULL, 0};

	for (size_t i = 0; i < files->len; i++) {
		const char *path = files->item[i];

		if ((is_directory(path) ? add_directory(a, path, kind, &all, err) : add(a, &all, path, kind, false, err)) < 0)
			return -1;
	}
	if (!all.len)
		return err_set(err, ERR_INPUT, "%s: holds nothing", files->item[0]);
	*ret = all;
	return 0;
}

int manifests_read_all(struct arena *a, const struct option_list *files, struct manifests *ret, struct err *err)
{
	return inputs_read_all(a, files, &manifest_kind, ret, err);
}

/* --- documents --------------------------------------------------------------------------------------------------- */

int document_blame(const char *file, size_t line, struct err *err)
{
	struct err at = {.code = ERR_INPUT};

	(void)err_at(&at, "%s:%zu", file, line);
	if (err->where[0])
		(void)err_wrap(err, "%s", err->where);
	memcpy(err->where, at.where, sizeof(err->where));
	return -1;
}

/* Takes a number that stands behind a prefix off the front; false, with *s as it was, where there is none. */
static bool take_number(struct str *s, const char *prefix, int64_t *ret)
{
	const size_t before = strlen(prefix);
	size_t digits = 0;

	if (!str_has_prefix(*s, prefix))
		return false;
	while (before + digits < s->len && s->p[before + digits] >= '0' && s->p[before + digits] <= '9')
		digits++;
	if (!parse_i64((struct str){s->p + before, digits}, ret))
		return false;
	*s = (struct str){s->p + before + digits, s->len - before - digits};
	return true;
}

/* "line 2, column 1" of a document is a line of the file; and the line that Go's library would name is of the document, and another one. */
static void blame_text(const char *file, size_t line, struct err *err)
{
	struct str place = str_of(err->where), words = str_of(err->what);
	int64_t at = 1, column = 0, ignored;

	if (!take_number(&place, "line ", &at)) {
		(void)document_blame(file, line, err);
		return;
	}
	(void)take_number(&place, ", column ", &column);
	if (take_number(&words, "yaml: line ", &ignored) && str_has_prefix(words, ": "))
		memmove(err->what, words.p + 2, words.len - 1);
	err->where[0] = '\0';
	if (column > 0)
		(void)err_at(err, "%s:%lld:%lld", file, (long long)line + at - 1, (long long)column);
	else
		(void)err_at(err, "%s:%lld", file, (long long)line + at - 1);
	(void)err_wrap(err, "this is no YAML");
}

const struct value *document_parse(struct arena *a, struct str text, const char *file, size_t line, struct err *err)
{
	const struct value *v = yaml_parse(a, text, YAML_FROM_POD, err);

	if (!v)
		blame_text(file, line, err);
	return v;
}

int manifests_each(struct arena *a, const struct named_text *input,
	int (*visit)(void *context, const struct document *d, struct err *err), void *context, struct err *err)
{
	struct yaml_reader reader = {.rest = input->text, .line = 1};
	struct document d = {.file = input->name};
	bool found = false;
	struct str text;

	while (yaml_next_document(&reader, &text, &d.line)) {
		if (str_trim_space(text).len == 0)
			continue;
		found = true;
		d.object = document_parse(a, text, d.file, d.line, err);
		if (!d.object)
			return -1;
		if (visit(context, &d, err) < 0)
			return document_blame(d.file, d.line, err);
	}
	return found ? 0 : err_set(err, ERR_INPUT, "%s: holds no document", input->name);
}
