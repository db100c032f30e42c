// Package netpoll is the only room that talks to the kernel's network and scheduler.
package netpoll
