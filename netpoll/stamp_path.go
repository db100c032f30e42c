package netpoll

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Path is what the kernel knows of the way to a peer (TCP_INFO). Units: ns, though the kernel counts RTTs in
// us and ages in ms.
type Path struct {
	MinRTTNanos    int64  `json:"min_rtt_ns"` // the lowest of the last minutes: what a race is decided by
	RTTNanos       int64  `json:"rtt_ns"`     // smoothed
	RTTVarNanos    int64  `json:"rtt_var_ns"`
	SinceAckNanos  int64  `json:"since_ack_ns"`  // since the peer last acknowledged anything
	SinceSentNanos int64  `json:"since_sent_ns"` // since we last sent bytes
	Unacked        uint32 `json:"unacked"`       // segments sent and not acknowledged
	NotSentBytes   uint32 `json:"not_sent_bytes"`
	Retransmits    uint32 `json:"retransmits"` // in all
	State          uint8  `json:"state"`       // TCP_ESTABLISHED is 1
}

// Prober is a Port that tells about its sockets' paths. Direct, Ring and Auto are.
type Prober interface {
	// Path costs one system call that never waits, and allocates nothing.
	Path(s Sock) (Path, syscall.Errno)
}

// HalfOpen tells that the peer is gone although the connection is not: something is unacknowledged, and has
// been for one and a half heartbeats. With a ping in each heartbeat that is within two of the loss.
func (p Path) HalfOpen(heartbeatNanos int64) bool {
	return p.Unacked > 0 && p.SinceAckNanos >= heartbeatNanos+heartbeatNanos/2
}

// pathOf reads TCP_INFO of fd into info.
func pathOf(fd int, info *unix.TCPInfo) (Path, syscall.Errno) {
	size := uint32(unsafe.Sizeof(*info))
	// SAFETY: info and size live until the call returns; the kernel writes at most size bytes.
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return Path{}, errno
	}
	return Path{
		MinRTTNanos:    int64(info.Min_rtt) * 1e3,
		RTTNanos:       int64(info.Rtt) * 1e3,
		RTTVarNanos:    int64(info.Rttvar) * 1e3,
		SinceAckNanos:  int64(info.Last_ack_recv) * 1e6,
		SinceSentNanos: int64(info.Last_data_sent) * 1e6,
		Unacked:        info.Unacked,
		NotSentBytes:   info.Notsent_bytes,
		Retransmits:    info.Total_retrans,
		State:          info.State,
	}, 0
}

// path is Path for the ports, with a buffer of the table's own.
func (t *table) path(s Sock) (Path, syscall.Errno) { return pathOf(int(t.find(s).fd), &t.info) }

// Path tells about the way to the peer of s. See Prober.
func (d *Direct) Path(s Sock) (Path, syscall.Errno) { return d.path(s) }

// Path tells about the way to the peer of s. See Prober.
func (r *Ring) Path(s Sock) (Path, syscall.Errno) { return r.path(s) }

// Path tells about the way to the peer, while the connection is cold.
func (c *Conn) Path() (Path, error) {
	var info unix.TCPInfo
	c.reading.Lock() // so that Detach and Close do not give the descriptor away meanwhile
	defer c.reading.Unlock()
	if c.closed.Load() {
		return Path{}, c.fail("read path", unix.EBADF, nil)
	}
	p, errno := pathOf(c.fd, &info)
	if errno != 0 {
		return Path{}, c.fail("read path", errno, nil)
	}
	return p, nil
}
