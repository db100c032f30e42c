package orders

import (
	"errors"
	"time"
)

// Query is what a venue is asked about the past by REST.
type Query uint8

// The queries. A dialect that needs no second question about one order has no QueryEnded.
const (
	QueryOrder  Query = iota + 1 // one order
	QueryEnded                   // one order, where QueryOrder may see open ones alone
	QueryOpen                    // the open orders
	QueryTrades                  // the executions
)

// Question is the rest of a query.
type Question struct {
	Symbol     string // of the order, or whose open orders and executions are meant
	ClientID   string // QueryOrder and QueryEnded
	VenueID    string // of the same order, where the venue has named it
	SinceNanos int64  // executions and ended orders from then on. Units: ns of venue time
	Page       string // what the answer before returned; empty for the first
	WallNanos  int64  // venue time now, ns
	Nonce      uint64 // larger than every one before under this key, over restarts too
	Signer     *Signer
}

// Inquiry is how fast and how often a venue is asked.
type Inquiry struct {
	AccountWide bool          // open orders and executions of all symbols come in one answer
	Burst       int           // how many questions may follow each other at once
	Every       time.Duration // how often one more may be asked after those
}

// ErrTruncated is in the error of an answer that holds only the first of what there is: nothing is proven by what is not
// in it.
var ErrTruncated = errors.New("orders: the venue's answer does not hold all that there is")
