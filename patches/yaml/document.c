/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a YAML stream into its documents, as Kubernetes' YAML reader does: by lines that begin with "---". */
#include "patches/yaml/yaml.h"

#include <string.h>

static struct str cut_line(struct str *rest)
{
	const char *newline = memchr(rest->p, '\n', rest->len);
	const struct str line = {rest->p, newline ? (size_t)(newline - rest->p) + 1 : rest->len};

	*rest = (struct str){rest->p + line.len, rest->len - line.len};
	return line;
}

/* Only a comment may stand behind the dashes; other lines are text, for the parser to judge. */
static bool is_separator(struct str line)
{
	struct str behind;

	if (!str_has_prefix(line, "---"))
		return false;
	behind = str_trim_space((struct str){line.p + 3, line.len - 3});
	return !behind.len || behind.p[0] == '#';
}

bool yaml_next_document(struct yaml_reader *r, struct str *ret, size_t *ret_line)
{
	struct str piece = {r->rest.p, 0};
	size_t first = r->line ? r->line : 1;

	r->line = first;
	while (r->rest.len) {
		const struct str line = cut_line(&r->rest);

		r->line++;
		if (!is_separator(line)) {
			piece.len += line.len;
			continue;
		}
		if (piece.len)
			break;
		piece.p = r->rest.p;
		first = r->line;
	}
	if (!piece.len)
		return false;
	*ret = piece;
	*ret_line = first;
	return true;
}
