package runtime

import (
	"context"
	"fmt"
	"net/netip"

	"orderwire/netpoll"
)

// hostNetwork is the kernel's network.
type hostNetwork struct {
	backend  string
	resolver *netpoll.Resolver
}

// HostNetwork is the kernel's network with the given backend (auto, direct or ring), as an Engine has it by default.
func HostNetwork(backend string) Network {
	return &hostNetwork{backend: backend, resolver: netpoll.NewResolver(netpoll.ResolverConfig{})}
}

func (h *hostNetwork) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	answer, err := h.resolver.Lookup(ctx, host)
	return answer.Addrs, err
}

func (h *hostNetwork) Dial(ctx context.Context, addrs []netip.AddrPort) (Conn, error) {
	return netpoll.Dial(ctx, netpoll.DialConfig{Addrs: addrs})
}

func (h *hostNetwork) Sink() (int, Sink, error) {
	fd, sink, err := netpoll.NewSink(netpoll.SocketOptions{})
	return fd, sink, err
}

func (h *hostNetwork) Port(clock netpoll.Clock, arena *netpoll.Arena) (netpoll.Port, string, error) {
	switch h.backend {
	case "auto":
		return netpoll.Auto(arena, clock, netpoll.PortConfig{})
	case "ring":
		port, err := netpoll.NewRing(arena, clock, netpoll.PortConfig{})
		return port, "chosen by the configuration", err
	case "direct":
		port, err := netpoll.NewDirect(arena, clock, netpoll.PortConfig{})
		return port, "chosen by the configuration", err
	}
	return nil, "", fmt.Errorf("%w: Backend: %q is not auto, direct or ring", ErrConfig, h.backend)
}
