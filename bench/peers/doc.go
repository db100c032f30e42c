// Command peers pushes the same order as orderwire does, by the libraries that a Go developer would pick, each as a normal
// user and as a careful one would write it, behind the same line protocol. `orderwire bench peers` builds it and times it
// beside orderwire in one interleaved run.
//
//	crypto-tls            expert Go: crypto/tls over a raw file descriptor, one template, reused HMAC, own WebSocket framing
//	crypto-tls-rehearsed  the same, rehearsing its whole push on a shadow connection while it waits: the baseline to beat
//	gorilla, gobwas, gws, coder            a normal user: fmt, encoding/json, hmac.New, the library's own read loop
//	gorilla-careful, ... coder-careful     a careful one: as crypto-tls, but with the library's framing
//	go-binance            its WebSocket order client
//	net-http              a warm keep-alive HTTP/1.1 POST
//
// It is a module of its own, so that these libraries stay out of orderwire's go.mod, and imports nothing of orderwire.
// c/openssl.c is the C client, for hosts with gcc and OpenSSL's headers.
//
// All of them wait by spinning on the clock and run with the garbage collector as their users would have it: switched off
// by the careful, on for the others. A new client is one file with a client in it and a row in clients.
package main
