// Package netpoll is the only room that talks to the kernel's network and scheduler: arena, ports, clock,
// sockets, resolver, pinning.
//
// The picture of a loop's bytes:
//
//	Arena: one mapping, cut into slots, outside the Go heap
//	  Take -> fill -> Port.Send -> (kernel) -> Reap: Sent     -> Put
//	          (kernel receives into a slot) -> Reap: Received -> read -> Put
//
// A Port belongs to one loop thread, which alone attaches, sends, submits, reaps and detaches. Bytes have
// one owner at a time; build with -tags owcheck and each step of a slot's life is asserted.
//
// The ports: Direct is sendto and recvfrom as raw system calls, the floor that all else is measured
// against; Ring is io_uring by raw system calls; Auto receives by a ring and sends single records
// directly; Fake has no kernel at all, and is turned by hand in tests. They keep one contract
// (port.go) and pass the same tests.
//
// The control plane's part: Resolver keeps the addresses of hosts, Dial connects, Conn is a connection
// that still shakes hands, and Conn.Detach gives its socket to a Port.
//
// Time: NewClock picks the time stamp counter where the kernel trusts it. Pin binds a loop's thread.
//
// What it does not do: no TLS, no framing, no retry of anything that may have reached the kernel, no
// logging. It never waits on the loop thread: Submit and Reap return what is there.
//
// Read first: Port in port.go, then Direct.Reap in direct.go.
package netpoll
