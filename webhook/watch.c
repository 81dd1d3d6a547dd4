/* SPDX-License-Identifier: Apache-2.0 */
/* When to read files again: inotify on their folders, a quiet period, a slow poll as a net. */
#include "webhook/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FOLDER_EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |
			IN_DELETE_SELF | IN_MOVE_SELF,
	FOLDER_GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW,
	READS_MAX = 64, /* buffers of events taken in at once: a storm must not keep us from the rest */
};

static void look(const char *path, struct watch_state *ret)
{
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	if (stat(path, &st) < 0)
		return;
	*ret = (struct watch_state){.device = st.st_dev, .inode = st.st_ino, .size = st.st_size, .modified = st.st_mtim,
		.changed = st.st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same(const struct watched_file *f)
{
	struct watch_state now;

	look(f->path, &now);
	return now.device == f->state.device && now.inode == f->state.inode && now.size == f->state.size &&
	       same_time(now.modified, f->state.modified) && same_time(now.changed, f->state.changed);
}

/* Again for a folder that is watched already: gives the same number, or a new one where the path leads elsewhere by now. */
static void attach(struct watch *w, struct watched_file *f)
{
	char folder[PATH_MAX];
	const int len = f->name == f->path ? 1 : (int)(f->name - f->path);

	if (w->fd < 0)
		return;
	if (snprintf(folder, sizeof(folder), "%.*s", len, f->name == f->path ? "." : f->path) >= (int)sizeof(folder))
		return;
	f->folder = inotify_add_watch(w->fd, folder, FOLDER_EVENTS | IN_ONLYDIR);
	if (f->folder < 0 && errno != ENOENT)
		w->problem = errno;
}

void watch_init(struct watch *w, struct watch_timing timing, int64_t now)
{
	memset(w, 0, sizeof(*w));
	w->timing = timing;
	w->next_poll = now + timing.poll_ms;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->problem = w->fd < 0 ? errno : 0;
}

void watch_release(struct watch *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
}

void watch_add(struct watch *w, const char *path)
{
	struct watched_file *f = &w->file[w->len];
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || w->len == WATCH_FILES_MAX)
		return;
	*f = (struct watched_file){.path = path, .name = slash ? slash + 1 : path, .folder = -1};
	w->len++;
	attach(w, f);
	look(path, &f->state);
}

void watch_touch(struct watch *w, int64_t now)
{
	if (!w->changed)
		w->first = now;
	w->changed = true;
	w->last = now;
}

static void take_event(struct watch *w, const struct inotify_event *e, int64_t now)
{
	bool ours = (e->mask & FOLDER_GONE) != 0 || (e->len && strncmp(e->name, "..", 2) == 0); /* kubelet's own names */

	for (size_t i = 0; i < w->len; i++) {
		struct watched_file *f = &w->file[i];

		if (!e->len || f->folder != e->wd || strcmp(f->name, e->name) != 0)
			continue;
		ours = true;
		if (!(e->mask & IN_ATTRIB))
			f->open = (e->mask & IN_MODIFY) != 0;
	}
	if (ours)
		watch_touch(w, now);
}

static void take_events(struct watch *w, int64_t now)
{
	union {
		struct inotify_event align;
		char bytes[4096];
	} buffer;

	for (int i = 0; i < READS_MAX && w->fd >= 0; i++) {
		const ssize_t len = read(w->fd, buffer.bytes, sizeof(buffer.bytes));

		for (ssize_t at = 0; at < len;) {
			/* The kernel pads each name, so that the next event is aligned again. */
			const struct inotify_event *e = (const void *)(buffer.bytes + at);

			take_event(w, e, now);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
		if (len <= 0)
			return;
	}
}

bool watch_settled(const struct watch *w)
{
	for (size_t i = 0; i < w->len; i++)
		if (!is_same(&w->file[i]))
			return false;
	return true;
}

static void poll_files(struct watch *w, int64_t now)
{
	w->next_poll = now + w->timing.poll_ms;
	for (size_t i = 0; i < w->len; i++)
		attach(w, &w->file[i]);
	if (!w->changed && (w->unsatisfied || !watch_settled(w)))
		watch_touch(w, now);
}

static int64_t due_at(const struct watch *w)
{
	const int64_t most = w->first + w->timing.most_ms, quiet = w->last + w->timing.quiet_ms;

	for (size_t i = 0; i < w->len; i++)
		if (w->file[i].open)
			return most;
	return quiet < most ? quiet : most;
}

bool watch_due(struct watch *w, int64_t now)
{
	take_events(w, now);
	if (now >= w->next_poll)
		poll_files(w, now);
	if (!w->changed || now < due_at(w))
		return false;
	w->changed = false;
	for (size_t i = 0; i < w->len; i++) {
		struct watched_file *f = &w->file[i];

		attach(w, f);
		f->open = false;
		look(f->path, &f->state);
	}
	return true;
}

int watch_wait_ms(const struct watch *w, int64_t now)
{
	int64_t until = w->next_poll;

	if (w->changed && due_at(w) < until)
		until = due_at(w);
	return until <= now ? 0 : until - now < INT_MAX ? (int)(until - now) : INT_MAX;
}
