/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a template's values before it runs, and what is wrong with the names in it. For the analysis alone.
 */
#ifndef PATCHES_TEMPLATE_GUESS_H
#define PATCHES_TEMPLATE_GUESS_H

#include "patches/template/analyse.h"
#include "patches/template/node.h"

struct guess {
	const struct go_type *type; /* NULL: any */
	const struct value *value;  /* the same in every run: a part of the values, or a constant; NULL: not known */
	bool missing;               /* a key that the values have not: Go's no value */
};

struct guesser {
	struct arena *a;
	const struct template *template;
	const struct template_question *question;
	const struct template_reader *reader;
	bool certain; /* what is looked at runs for every pod */
	bool nomem;
	uint32_t told; /* problems and uses: to be found costs more than to be passed over */
};

extern const struct guess guess_nothing;

struct guess guess_type(const struct go_type *type);
struct guess guess_value(const struct value *v);
bool guess_is_known(struct guess g);
bool guess_truth(struct guess g);
/* Of a list or a map. */
struct guess guess_element(struct guess g);
/* Field number i of a field, variable or chain. Tells of one that is not there. */
struct guess guess_field(struct guesser *g, struct guess receiver, const struct node *n, uint32_t i);

/* pos: byte of the text. */
void guess_use(struct guesser *g, uint32_t pos, struct str name, bool is_function);
void guess_unknown_function(struct guesser *g, const struct node *n);
void guess_unknown_template(struct guesser *g, const struct node *n);
/* Tells where a function gets more or fewer arguments than it takes. */
void guess_count(struct guesser *g, const struct node *n, uint32_t given);
/* Tells where what is printed is always "<no value>". */
void guess_printed(struct guesser *g, const struct node *command, struct guess value);

#endif
