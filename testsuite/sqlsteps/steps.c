#include "steps.h"

#include <stdatomic.h>

// The few functions of SQLite that are used. They are part of its stable
// interface, and are bound when the program is linked with the driver.
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
#define WEAK __attribute__((weak))
WEAK int sqlite3_auto_extension(void (*entry)(void));
WEAK int sqlite3_trace_v2(sqlite3 *db, unsigned mask, int (*callback)(unsigned, void *, void *, void *), void *context);
WEAK sqlite3 *sqlite3_db_handle(sqlite3_stmt *statement);
WEAK int sqlite3_txn_state(sqlite3 *db, const char *schema);
WEAK int sqlite3_stmt_status(sqlite3_stmt *statement, int what, int reset);
enum { SQLITE_OK = 0, SQLITE_ERROR = 1, SQLITE_TRACE_PROFILE = 2, SQLITE_TXN_WRITE = 2, SQLITE_STMTSTATUS_VM_STEP = 4 };

static _Atomic int64_t taken, locked;

// finished is called when a statement has been run to its end or reset.
static int finished(unsigned event, void *context, void *statement, void *nanoseconds) {
	int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
	atomic_fetch_add(&taken, steps);
	if (sqlite3_txn_state(sqlite3_db_handle(statement), 0) == SQLITE_TXN_WRITE) {
		atomic_fetch_add(&locked, steps);
	}
	return 0;
}

static int opened(sqlite3 *db, const char **message, const void *api) {
	return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, finished, 0);
}

int steps_register(void) {
	if (!sqlite3_auto_extension || !sqlite3_trace_v2 || !sqlite3_db_handle || !sqlite3_txn_state || !sqlite3_stmt_status) {
		return SQLITE_ERROR;
	}
	return sqlite3_auto_extension((void (*)(void))opened);
}

int64_t steps_taken(void) { return atomic_load(&taken); }

int64_t steps_locked(void) { return atomic_load(&locked); }
