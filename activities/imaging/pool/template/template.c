#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vips/vips.h>

/* The same as in template.go of package pool. */
#define ROLE "IMAGEBATCH_IMAGING_TEMPLATE"
enum { control = 3, streams = 3 };

/* answer tells the pool the id of a child, 0 for being ready, or an error below 0. */
static int answer(int32_t value)
{
	return send(control, &value, sizeof value, MSG_NOSIGNAL) == sizeof value;
}

/* await takes the streams of the next child, and fails when there will be none. */
static int await(int fds[streams])
{
	char byte;
	union {
		char bytes[CMSG_SPACE(streams * sizeof(int))];
		struct cmsghdr aligned;
	} space;
	struct iovec text = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &text, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes,
	};
	ssize_t n;
	do
		n = recvmsg(control, &message, 0);
	while (n < 0 && errno == EINTR);
	struct cmsghdr *head = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(streams * sizeof(int)))
		return 0;
	memcpy(fds, CMSG_DATA(head), streams * sizeof(int));
	return 1;
}

/* become makes this process a child of the pool, ready for the runtime of Go. */
static void become(const int fds[streams], pid_t pool)
{
	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != pool)
		_exit(1);
	for (int n = 0; n < streams; n++) {
		if (dup2(fds[n], n) < 0)
			_exit(1);
		close(fds[n]);
	}
	close(control);
}

/*
 * yield makes this process, and so its copies, go before the worker when memory is short: their score is above
 * the worker's, which they have got from it. Not every system allows this, and nothing depends on it.
 * Source: https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
 */
static void yield(void)
{
	enum { higher = 500, highest = 1000 };
	char text[16] = "";
	int score = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	if (score < 0)
		return;
	if (pread(score, text, sizeof text - 1, 0) > 0) {
		int adjusted = atoi(text) + higher;
		int length = snprintf(text, sizeof text, "%d", adjusted < highest ? adjusted : highest);
		if (write(score, text, length) < 0) {}
	}
	close(score);
}

/* shut takes from this process, and so from its copies, what a decoder that has been taken over could use. */
static int shut(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	/* Not dumpable: others of the same user can neither trace it nor read its memory and environment. */
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_capset, &head, none) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/*
 * blank wipes the environment where it lies, which is what /proc shows of it too.
 * Only variables for the runtime of Go are left: it has yet to start in the
 * copies, and wants the list to be as long as it was.
 */
static void blank(void)
{
	for (char **variable = environ; *variable; variable++)
		if (strncmp(*variable, "GO", 2) != 0)
			explicit_bzero(*variable, strlen(*variable));
}

/*
 * template runs before the runtime of Go starts, while the process has one thread
 * and may be copied. In a template it returns in the copies only.
 */
__attribute__((constructor)) static void template(void)
{
	if (!getenv(ROLE))
		return;
	pid_t pool = getppid();
	yield();
	if (!shut() || vips_init("imagebatch") != 0)
		_exit(1);
	vips_type_find("VipsOperation", "jpegload"); /* makes every class of operations */
	blank();
	for (int ready = answer(0); ready;) {
		int fds[streams];
		if (!await(fds))
			break;
		/* Whoever started this process shall be the parent of the copy too, to wait for it. */
		long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0) {
			become(fds, pool);
			return;
		}
		ready = answer(pid < 0 ? -errno : pid);
		for (int n = 0; n < streams; n++)
			close(fds[n]);
	}
	_exit(0);
}
