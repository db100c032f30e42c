package netpoll_test

import (
	"errors"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"orderwire/netpoll"
)

// forbid lets io_uring_setup fail with errno on this thread, as a container's seccomp profile does.
func forbid(t *testing.T, errno syscall.Errno) {
	t.Helper()
	goruntime.LockOSThread() // never unlocked: the filter cannot be taken off, and dies with the thread
	const load, jumpIfEqual, give = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	program := []unix.SockFilter{
		{Code: load, K: 0}, // struct seccomp_data begins with the number of the call
		{Code: jumpIfEqual, K: unix.SYS_IO_URING_SETUP, Jf: 1},
		{Code: give, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: give, K: unix.SECCOMP_RET_ALLOW},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Skipf("no seccomp here: %v", err)
	}
	// SAFETY: filter and program live until the call returns; the kernel copies them (rule: pointer converted in the argument list).
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0); err != nil {
		t.Skipf("no seccomp here: %v", err)
	}
	goruntime.KeepAlive(program)
}

// TestAutoFallsBack forbids io_uring in two ways, and wants a direct port that says why, and works.
func TestAutoFallsBack(t *testing.T) {
	for _, row := range []struct {
		errno syscall.Errno
		says  string
	}{
		{unix.EPERM, "io_uring_disabled"},
		{unix.ENOSYS, "seccomp profile"},
	} {
		t.Run(row.errno.Error(), func(t *testing.T) {
			arena := newArena(t, 64, 512)
			fd, peer := pair(t, netpoll.SocketOptions{})
			forbid(t, row.errno)
			if _, err := netpoll.NewRing(arena, netpoll.NewMonoClock(), netpoll.PortConfig{}); !errors.Is(err, netpoll.ErrNoRing) || !errors.Is(err, row.errno) {
				t.Errorf("ring: %v", err)
			}
			port, why, err := netpoll.Auto(arena, netpoll.NewMonoClock(), netpoll.PortConfig{})
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, arena, port)
			defer r.close()
			if port.Backend() != "direct" || !strings.HasPrefix(why, "direct: ") || !strings.Contains(why, row.says) {
				t.Errorf("%s: %q", port.Backend(), why)
			}
			s := r.attach(fd, 1)
			r.send(s, []byte("works all the same"))
			port.Submit()
			b := make([]byte, 18)
			r.read(peer, b)
			if string(b) != "works all the same" {
				t.Errorf("the peer read %q", b)
			}
		})
	}
}

// TestArenaWithoutLock allows no locked memory: the arena works, and tells that it may be taken away.
func TestArenaWithoutLock(t *testing.T) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &before); err != nil {
		t.Fatal(err)
	}
	if unix.Geteuid() == 0 {
		t.Skip("CAP_IPC_LOCK: root may lock what it likes")
	}
	none := unix.Rlimit{Cur: 0, Max: before.Max}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &none); err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &before); err != nil {
			t.Error(err)
		}
	}()
	arena := newArena(t, 4, 4096)
	if arena.Locked() {
		t.Error("locked without permission")
	}
	s, _ := arena.Take()
	arena.Bytes(s)[0] = 1
	arena.Put(s)
}
