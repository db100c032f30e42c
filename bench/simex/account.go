package simex

import (
	"cmp"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"
)

// apiKey is one known key with what checks its signatures.
type apiKey struct {
	Key
	account *account
	nonce   uint64 // Kraken: the last one; the venue's lock guards it

	mu  sync.Mutex // guards mac, which keeps its state between uses
	mac hash.Hash  // HMAC-SHA256 over Secret as text
}

// account is what several keys may share.
type account struct {
	name    string
	latest  map[string]*order // by client order id: the last order that bore it
	open    []*order          // oldest first
	streams []subscription
	nextSub int
	usage   usage

	meters    []*meter         // Kraken
	bucket    bucket           // Coinbase
	seconds   [4]perSecond     // requests of this second by endpoint, where the venue counts so
	listenKey string           // Binance USD-M: the one key of the account
	dcp       map[string]int64 // Bybit: disconnect protection by product, in ns
}

// subscription is one connection that listens to an account's reports.
type subscription struct {
	conn  *Conn
	id    int
	topic string
}

func (v *Venue) addKey(key Key) error {
	if key.ID == "" {
		return errors.New("simex: a key without an ID")
	}
	if _, ok := v.keys[key.ID]; ok {
		return fmt.Errorf("simex: key %q given twice", key.ID)
	}
	if key.Account == "" {
		key.Account = "main"
	}
	a := v.accounts[key.Account]
	if a == nil {
		a = &account{name: key.Account, latest: map[string]*order{}, dcp: map[string]int64{}}
		v.accounts[key.Account] = a
	}
	v.keys[key.ID] = &apiKey{Key: key, account: a, mac: hmac.New(sha256.New, []byte(key.Secret))}
	return nil
}

// hmacSHA256 appends the code of payload.
func (k *apiKey) hmacSHA256(dst, payload []byte) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.mac.Reset()
	k.mac.Write(payload)
	return k.mac.Sum(dst)
}

// publicKey tells whether the key signs with a private half that the venue does not hold.
func (k *apiKey) publicKey() bool { return k.Ed25519 != nil || k.RSA != nil || k.ECDSA != nil }

func (k *apiKey) verifyEd25519(payload, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.Ed25519, payload, signature)
}

// second is the count of one endpoint: creating, amending, cancelling, and all else.
func (a *account) second(op string) *perSecond {
	switch op {
	case "order.create":
		return &a.seconds[1]
	case "order.amend":
		return &a.seconds[2]
	case "order.cancel":
		return &a.seconds[3]
	}
	return &a.seconds[0]
}

// closed takes an order off the list of open ones.
func (a *account) closed(o *order) {
	at, found := slices.BinarySearchFunc(a.open, o.id, func(other *order, id uint64) int { return cmp.Compare(other.id, id) })
	if found {
		a.open = slices.Delete(a.open, at, at+1)
	}
}

func (a *account) subscribe(c *Conn, topic string) int {
	id := a.nextSub
	a.nextSub++
	a.streams = append(a.streams, subscription{conn: c, id: id, topic: topic})
	return id
}

func (a *account) unsubscribeTopic(c *Conn, topic string) {
	a.streams = slices.DeleteFunc(a.streams, func(s subscription) bool { return s.conn == c && s.topic == topic })
}

func (a *account) unsubscribe(c *Conn) {
	a.streams = slices.DeleteFunc(a.streams, func(s subscription) bool { return s.conn == c })
}

// verifyRSA checks PKCS#1 v1.5 over SHA-256.
func (k *apiKey) verifyRSA(payload, signature []byte) bool {
	sum := sha256.Sum256(payload)
	return rsa.VerifyPKCS1v15(k.RSA, cryptoSHA256, sum[:], signature) == nil
}
