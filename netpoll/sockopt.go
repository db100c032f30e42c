package netpoll

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// SocketOptions are set on a socket before it connects. The zero value is right for an order socket on
// one path: no Nagle, quick acknowledgements, the kernel's choice of everything else.
type SocketOptions struct {
	Nagle             bool       // leave Nagle's algorithm on. Default: TCP_NODELAY
	DelayedAcks       bool       // leave delayed acknowledgements on. Default: TCP_QUICKACK
	UserTimeoutMillis int        // TCP_USER_TIMEOUT: how long sent data may stay unacknowledged. 0: the kernel's (minutes)
	KeepAliveSeconds  int        // idle time before TCP keep-alive probes, and between them. 0: none
	Source            netip.Addr // local address to connect from. Zero: the kernel's choice
	Device            string     // SO_BINDTODEVICE. Empty: any
	Mark              int        // SO_MARK, for policy routing (needs CAP_NET_ADMIN). 0: none
	Priority          int        // SO_PRIORITY, for the qdisc. 0: the default band
	TOS               int        // IP_TOS or IPV6_TCLASS, 0..255. 0: none
	SendBufferBytes   int        // SO_SNDBUF. 0: the kernel tunes it
	ReceiveBytes      int        // SO_RCVBUF. 0: the kernel tunes it
	BusyPollMicros    int        // SO_BUSY_POLL. 0: the system's. It does nothing where the NAPI id is 0 (lo, veth)
	MaxSegmentBytes   int        // TCP_MAXSEG. 0: the path's
	Congestion        string     // TCP_CONGESTION: "cubic" or "reno" where the system's choice paces. Empty: the system's
}

type intOption struct {
	name  string
	level int
	opt   int
	value int
	set   bool
}

// apply sets the options on fd, in the order in which they may depend on each other.
func (o SocketOptions) apply(fd, family int) error {
	tosLevel, tosOption := unix.IPPROTO_IP, unix.IP_TOS
	if family == unix.AF_INET6 {
		tosLevel, tosOption = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	}
	for _, row := range []intOption{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1, !o.Nagle},
		{"TCP_QUICKACK", unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1, !o.DelayedAcks},
		{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, o.UserTimeoutMillis, o.UserTimeoutMillis != 0},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1, o.KeepAliveSeconds != 0},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, o.KeepAliveSeconds, o.KeepAliveSeconds != 0},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, o.KeepAliveSeconds, o.KeepAliveSeconds != 0},
		{"SO_MARK", unix.SOL_SOCKET, unix.SO_MARK, o.Mark, o.Mark != 0},
		{"IP_TOS", tosLevel, tosOption, o.TOS, o.TOS != 0},
		{"SO_PRIORITY", unix.SOL_SOCKET, unix.SO_PRIORITY, o.Priority, o.Priority != 0}, // after IP_TOS, which sets it
		{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, o.SendBufferBytes, o.SendBufferBytes != 0},
		{"SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, o.ReceiveBytes, o.ReceiveBytes != 0},
		{"SO_BUSY_POLL", unix.SOL_SOCKET, unix.SO_BUSY_POLL, o.BusyPollMicros, o.BusyPollMicros != 0},
		{"TCP_MAXSEG", unix.IPPROTO_TCP, unix.TCP_MAXSEG, o.MaxSegmentBytes, o.MaxSegmentBytes != 0},
	} {
		if !row.set {
			continue
		}
		if err := unix.SetsockoptInt(fd, row.level, row.opt, row.value); err != nil {
			return &OpError{Op: "setsockopt " + row.name, Errno: errnoOf(err)}
		}
	}
	if o.Congestion != "" {
		if err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, o.Congestion); err != nil {
			return &OpError{Op: "setsockopt TCP_CONGESTION", Addr: o.Congestion, Errno: errnoOf(err)}
		}
	}
	if o.Device != "" {
		if err := unix.BindToDevice(fd, o.Device); err != nil {
			return &OpError{Op: "bind to device", Addr: o.Device, Errno: errnoOf(err)}
		}
	}
	return o.bind(fd, family)
}

// bind makes Source the local address. The port is chosen at connect, so that many connections may share an address.
func (o SocketOptions) bind(fd, family int) error {
	if !o.Source.IsValid() {
		return nil
	}
	sa, sourceFamily, err := sockaddrOf(netip.AddrPortFrom(o.Source, 0))
	if err != nil {
		return err
	}
	if sourceFamily != family {
		return &OpError{Op: "bind", Addr: o.Source.String(), Errno: unix.EAFNOSUPPORT}
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return &OpError{Op: "setsockopt IP_BIND_ADDRESS_NO_PORT", Errno: errnoOf(err)}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return &OpError{Op: "bind", Addr: o.Source.String(), Errno: errnoOf(err)}
	}
	return nil
}
