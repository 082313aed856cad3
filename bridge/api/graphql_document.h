/*
 * graphql_document.h owns which document is run.
 */
#ifndef SB_API_GRAPHQL_DOCUMENT_H
#define SB_API_GRAPHQL_DOCUMENT_H

struct sb_graphql_run;

/*
 * Runs what is asked (api/graphql_run.h): the admission, its arena and its caller live as long as
 * the run. One of the asker's functions is called in the end, perhaps before this returns.
 */
extern void sb_graphql_run(struct sb_graphql_run *run);

#endif /* SB_API_GRAPHQL_DOCUMENT_H */
