/* SPDX-License-Identifier: Apache-2.0 */
/* The order of containers after injection. */
#include "patches/pod/order.h"

#include "patches/pod/names.h"

/* Takes every container of that name out and puts the last of them at one end. */
static void move(struct container_list *l, struct str name, bool to_front)
{
	const struct value *found = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < l->len; i++) {
		if (str_eq(raw_str(l->item[i], "name"), name))
			found = l->item[i];
		else
			l->item[kept++] = l->item[i];
	}
	if (!found)
		return;
	if (to_front) {
		for (size_t i = kept; i > 0; i--)
			l->item[i] = l->item[i - 1];
		l->item[0] = found;
	} else {
		l->item[kept] = found;
	}
	l->len = kept + 1;
}

void order_containers(struct pod_edit *e, bool hold)
{
	struct container_list *init = &e->init_containers;

	/* Last by default: `kubectl exec` goes to the first container. */
	move(&e->containers, CONTAINER_PROXY, hold);
	if (find_container(init, CONTAINER_PROXY)) {
		/* A native sidecar starts before all others, so that init containers are in the mesh too. */
		move(init, CONTAINER_CORE_DUMP, true);
		move(init, CONTAINER_PROXY, true);
		move(init, CONTAINER_VALIDATION, true);
		move(init, CONTAINER_INIT, true);
		return;
	}
	/* Else redirection is set up last: an init container before it still has a network. */
	move(init, CONTAINER_VALIDATION, true);
	move(init, CONTAINER_INIT, false);
	move(init, CONTAINER_CORE_DUMP, false);
}
