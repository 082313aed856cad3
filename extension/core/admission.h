/*
 * admission.h owns how an error says that it is the admission's (social.admit), wherever in a
 * statement that stands: by a line of its context.
 */
#ifndef SOCIAL_CORE_ADMISSION_H
#define SOCIAL_CORE_ADMISSION_H

#define ADMISSION_CONTEXT "social.admit"

#endif /* SOCIAL_CORE_ADMISSION_H */
