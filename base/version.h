/* SPDX-License-Identifier: Apache-2.0 */
/* The version of the product: the one place where it stands. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define OUTRIGGER_VERSION "0.1.0"

#endif
