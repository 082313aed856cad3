/*
 * call.c owns calling a function of ours that is written in SQL (call.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_func.h"

#include "base/call.h"

bool
social_call(char *name, Oid type, Datum argument, bool isnull, Datum *result)
{
	LOCAL_FCINFO(call, 1);
	int nargs = OidIsValid(type) ? 1 : 0;
	FmgrInfo function;

	fmgr_info(
		LookupFuncName(list_make2(makeString("social"), makeString(name)), nargs, &type, false),
		&function);
	InitFunctionCallInfoData(*call, &function, nargs, InvalidOid, NULL, NULL);
	call->args[0].value = argument;
	call->args[0].isnull = isnull;
	*result = FunctionCallInvoke(call);
	return !call->isnull;
}
