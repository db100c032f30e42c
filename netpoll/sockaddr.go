package netpoll

import (
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// sockaddrOf is the kernel's form of a, and its address family.
func sockaddrOf(a netip.AddrPort) (unix.Sockaddr, int, error) {
	ip := a.Addr().Unmap()
	switch {
	case ip.Is4():
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: ip.As4()}, unix.AF_INET, nil
	case ip.Is6():
		zone, err := zoneOf(ip.Zone())
		if err != nil {
			return nil, 0, err
		}
		return &unix.SockaddrInet6{Port: int(a.Port()), Addr: ip.As16(), ZoneId: zone}, unix.AF_INET6, nil
	}
	return nil, 0, &OpError{Op: "connect", Addr: a.String(), Cause: ErrNoAddress}
}

// zoneOf is the interface number of an IPv6 zone, which is a name or a number.
func zoneOf(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	face, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, &OpError{Op: "connect", Addr: "%" + zone, Cause: err}
	}
	return uint32(face.Index), nil
}

// addrPortOf is the reverse of sockaddrOf. Another family gives the zero AddrPort.
func addrPortOf(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr)
		if a.ZoneId != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(a.ZoneId), 10))
		}
		return netip.AddrPortFrom(ip, uint16(a.Port))
	}
	return netip.AddrPort{}
}
