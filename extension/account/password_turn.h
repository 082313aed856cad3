/*
 * password_turn.h owns how many backends of the server compute a password hash at once: hashing is
 * made to be dear, in processor time and memory, and whoever asks for it need not be logged in.
 * Only where the library is preloaded; elsewhere everybody's turn is now.
 *
 * A turn is taken right before the computation and given back right after it, by whoever computes
 * (password_hasher.h); between the two nobody waits for anything else. Who holds a turn so never
 * waits for one who wants it, and locks that a waiting backend holds delay nobody but those who
 * want them.
 */
#ifndef SOCIAL_PASSWORD_TURN_H
#define SOCIAL_PASSWORD_TURN_H

/* How many may hash at once. */
extern int social_password_turns_allowed(void);

/* Waits for a turn, first come first served; may be cancelled, and ends with the backend. */
extern void social_password_turn_take(void);

/* From any process. */
extern void social_password_turn_give_back(void);

#endif /* SOCIAL_PASSWORD_TURN_H */
