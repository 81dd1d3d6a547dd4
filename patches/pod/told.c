/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier injection told the proxy of the pod that it saw, and which of the pod's containers those were. */
#include "patches/pod/told.h"

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

/* Where no names are told, this many of the first or the last containers may have come later. */
enum { MAX_LATER = 8 };

static const struct value none = {.kind = K_LIST};

struct str env_value(const struct value *container, const char *variable)
{
	const struct value *env = raw_get(container, "env");
	struct str found = {NULL, 0};

	for (size_t i = 0; env && env->kind == K_LIST && i < env->u.list.len; i++)
		if (str_is(raw_str(env->u.list.item[i], "name"), variable) && raw_str(env->u.list.item[i], "value").p)
			found = raw_str(env->u.list.item[i], "value");
	return found;
}

int told_json(
	struct arena *a, const struct value *proxy, const char *variable, const struct value **ret, struct err *err)
{
	const struct str text = env_value(proxy, variable);
	struct err ignored = {0};

	*ret = text.p ? json_parse(a, text.p, text.len, JSON_FROM_POD | JSON_LAST_WINS | JSON_GO_UTF8, &ignored) : NULL;
	return ignored.code == ERR_NOMEM ? err_nomem(err) : 0;
}

/* --- which containers were there ------------------------------------------------------------------------------------
 */

static const struct list *items(const struct value *v, const char *key)
{
	const struct value *l = raw_get(v, key);

	return l && l->kind == K_LIST ? &l->u.list : &none.u.list;
}

static struct str name_of(const struct value *container)
{
	const struct str name = raw_str(container, "name");

	return name.p ? name : STR("");
}

static bool is_proxy(const struct value *container)
{
	return str_eq(name_of(container), CONTAINER_PROXY);
}

/* Names joined by commas, for look-up; NULL when out of memory. */
static struct map *split_names(struct arena *a, struct str names)
{
	struct map *m = map_new(a, 8);

	while (m && names.p)
		if (map_set(a, m, str_trim_space(str_cut(&names, ',')), &value_true) < 0)
			return NULL;
	return m;
}

/* Those that are named; all of them where none is, which says that the names are of something else. */
static int take_named(struct arena *a, const struct list *all, struct str names, struct seen *s, struct err *err)
{
	const struct map *m = split_names(a, names);

	s->item = arena_calloc(a, all->len, sizeof(*s->item));
	if (!m || !s->item)
		return err_nomem(err);
	for (int any = !names.p; any < 2 && !s->len; any++)
		for (size_t i = 0; i < all->len; i++)
			if (!is_proxy(all->item[i]) && (any || map_get(m, name_of(all->item[i]))))
				s->item[s->len++] = all->item[i];
	return 0;
}

/* --- where the user's own proxy was ---------------------------------------------------------------------------------
 */

static size_t n_ports(const struct seen *s, size_t from, size_t to)
{
	size_t n = 0;

	for (; from < to; from++)
		n += items(s->item[from], "ports")->len;
	return n;
}

static bool told_at(const struct list *told, size_t at, const struct value *container)
{
	const struct list *ports = items(container, "ports");

	for (size_t i = 0; i < ports->len; i++)
		if (at + i >= told->len || !raw_equal(told->item[at + i], ports->item[i]))
			return false;
	return true;
}

/* Ports are told container by container: those of the proxy are a gap. Whether there is one place for it, and which. */
static bool find_gap(const struct list *told, const struct seen *s, size_t *ret)
{
	size_t front = 0, back = s->len, at = 0;

	if (n_ports(s, 0, s->len) > told->len)
		return false;
	for (; front < s->len && told_at(told, at, s->item[front]); front++)
		at += items(s->item[front], "ports")->len;
	for (at = told->len; back > 0; back--) {
		at -= items(s->item[back - 1], "ports")->len;
		if (!told_at(told, at, s->item[back - 1]))
			break;
	}
	*ret = back;
	return back <= front;
}

/* Without names: containers at one end that came later, where the ports tell. The fewest ports that no container has decide. */
static void leave_out_later(const struct list *told, struct seen *s)
{
	const struct seen all = *s;
	size_t gap, least = SIZE_MAX;

	for (size_t later = 0; later <= MAX_LATER && later <= all.len; later++) {
		for (size_t front = 0; front <= later; front += later ? later : 1) {
			const struct seen fewer = {.a = all.a, .item = all.item + front, .len = all.len - later, .ports = &none};

			if (!find_gap(told, &fewer, &gap) || told->len - n_ports(&fewer, 0, fewer.len) >= least)
				continue;
			least = told->len - n_ports(&fewer, 0, fewer.len);
			*s = fewer;
		}
	}
}

static void add_place(struct seen *s, size_t before)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (s->place[i] == before)
			return;
	if (s->n_places < SEEN_MAX_PLACES)
		s->place[s->n_places++] = before;
}

/* Its index among the names; `len` where it is not among them. */
static size_t index_in_names(struct str names, size_t len)
{
	for (size_t i = 0; names.p && i <= len; i++)
		if (str_eq(str_trim_space(str_cut(&names, ',')), CONTAINER_PROXY))
			return i;
	return len;
}

/* Templates that go over all containers have them in the pod's order. `len` where they say nothing. */
static size_t index_in_containers(const struct value *list, const struct seen *s)
{
	const struct list *l = list && list->kind == K_LIST ? &list->u.list : &none.u.list;

	for (size_t i = 0; i < l->len && l->len > 1 && i <= s->len; i++)
		if (is_proxy(l->item[i]))
			return i;
	return s->len;
}

static void find_places(struct seen *s, struct str names, const struct value *overridden, size_t gap)
{
	const size_t hint[] = {index_in_names(names, s->len), s->ports->u.list.len ? gap : s->len, index_in_containers(overridden, s)};

	for (size_t i = 0; i < ARRAY_LEN(hint); i++)
		if (hint[i] < s->len)
			add_place(s, hint[i]);
	add_place(s, s->len);
	add_place(s, 0);
}

int seen_read(struct arena *a, const struct value *pod, const struct evidence *evidence, struct seen *ret, struct err *err)
{
	const struct str names = env_value(evidence->proxy, ENV_APP_CONTAINERS);
	const struct value *told;
	size_t gap = 0;

	*ret = (struct seen){.a = a, .ports = &none};
	if (take_named(a, items(raw_get(pod, "spec"), "containers"), names, ret, err) < 0 ||
	    told_json(a, evidence->proxy, ENV_POD_PORTS, &told, err) < 0)
		return -1;
	if (told && told->kind == K_LIST) {
		if (!names.p)
			leave_out_later(&told->u.list, ret);
		if (find_gap(&told->u.list, ret, &gap))
			ret->ports = value_list(a, told->u.list.item + n_ports(ret, 0, gap), told->u.list.len - n_ports(ret, 0, ret->len));
		if (!ret->ports)
			return err_nomem(err);
	}
	find_places(ret, names, evidence->overridden, gap);
	return 0;
}

/* --- pods ------------------------------------------------------------------------------------------------------------
 */

const struct value *seen_pod(const struct seen *s, const struct value *pod, struct err *err)
{
	struct map *m = map_new(s->a, s->len);
	struct pod_edit e;
	size_t kept = 0;

	pod_edit_begin(&e, s->a, pod);
	for (size_t i = 0; m && i < s->len; i++)
		if (map_set(s->a, m, name_of(s->item[i]), &value_true) < 0)
			m = NULL;
	e.failed = e.failed || !m;
	for (size_t i = 0; m && i < e.containers.len; i++)
		if (is_proxy(e.containers.item[i]) || map_get(m, name_of(e.containers.item[i])))
			e.containers.item[kept++] = e.containers.item[i];
	e.containers.len = kept;
	return pod_edit_end(&e, err);
}

static void remove_proxies(struct container_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->len; i++)
		if (!is_proxy(l->item[i]))
			l->item[kept++] = l->item[i];
	l->len = kept;
}

static size_t index_of(const struct container_list *l, const struct value *container)
{
	size_t i = 0;

	while (i < l->len && !str_eq(name_of(l->item[i]), name_of(container)))
		i++;
	return i;
}

const struct value *seen_with_proxy(const struct seen *s, const struct value *pod, size_t place, const struct value *proxy,
	struct err *err)
{
	struct pod_edit e;
	size_t at = 0;

	pod_edit_begin(&e, s->a, pod);
	remove_proxies(&e.containers);
	remove_proxies(&e.init_containers);
	/* What came later stays behind it, or before it. */
	if (place < s->len)
		at = index_of(&e.containers, s->item[place]);
	else if (s->len)
		at = index_of(&e.containers, s->item[s->len - 1]) + 1;
	container_insert(&e, &e.containers, at < e.containers.len ? at : e.containers.len, proxy);
	return pod_edit_end(&e, err);
}
