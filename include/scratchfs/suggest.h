/* SPDX-License-Identifier: MIT */
#ifndef SCRATCHFS_SUGGEST_H
#define SCRATCHFS_SUGGEST_H

/*
 * "Did you mean ...?"
 *
 * Returns the candidate nearest to word, or NULL when none is near.  Nearness
 * is the number of letters to insert, delete, replace or swap with a neighbour,
 * case ignored; near is at most a third of the longer of the two (but at least
 * one).  On a tie the earlier candidate wins.  Words longer than 63 bytes are
 * near to nothing.  candidates ends with NULL; the result points into it.
 */
const char *sfs_suggest(const char *word, const char *const *candidates);

#endif
