package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// options is what the flags ask of one connection.
type options struct {
	port, resumeCount int
	shimID            uint64
	ipv6, async       bool
	backend, driver   string

	minVersion, maxVersion            int
	noTLS1, noTLS11, noTLS12, noTLS13 bool
	certFile, keyFile, trustCert      string
	hostName                          string
	verifyFail                        bool
	noTicket                          bool
	curves, verifyPrefs               []int
	signingPrefs                      []int
	advertiseALPN, expectALPN         string

	shimWritesFirst, shimShutsDown     bool
	initialWrite                       string
	repeatWrite                        int
	keyUpdate, keyUpdateBeforeRead     bool
	checkCloseNotify, sendAlert        bool
	readSize, maxSendFragment          int
	differentSizes                     bool
	exportLen                          int
	exportLabel, exportContext         string
	useExportContext                   bool
	resumptionDelaySeconds             int
	expectVersion, expectCurve         int
	expectSignature, expectCipher      int
	expectSessionMiss, expectNoSession bool
	expectHRR, expectNoHRR             bool
	expectExtendedMaster               bool
	expectRenegotiations               int
	expectOCSP                         []byte
	expectPeerCert                     string
}

// errUnimplemented makes the program end with status 89.
var errUnimplemented = errors.New("not implemented")

// takers reads the value of each flag that has one.
var takers = map[string]func(*options, string) error{
	"-port":                            number(func(o *options) *int { return &o.port }),
	"-resume-count":                    number(func(o *options) *int { return &o.resumeCount }),
	"-min-version":                     number(func(o *options) *int { return &o.minVersion }),
	"-max-version":                     number(func(o *options) *int { return &o.maxVersion }),
	"-read-size":                       number(func(o *options) *int { return &o.readSize }),
	"-max-send-fragment":               number(func(o *options) *int { return &o.maxSendFragment }),
	"-export-keying-material":          number(func(o *options) *int { return &o.exportLen }),
	"-repeat-shim-initial-write":       number(func(o *options) *int { return &o.repeatWrite }),
	"-resumption-delay":                number(func(o *options) *int { return &o.resumptionDelaySeconds }),
	"-expect-version":                  number(func(o *options) *int { return &o.expectVersion }),
	"-expect-curve-id":                 number(func(o *options) *int { return &o.expectCurve }),
	"-expect-peer-signature-algorithm": number(func(o *options) *int { return &o.expectSignature }),
	"-expect-cipher":                   number(func(o *options) *int { return &o.expectCipher }),
	"-expect-cipher-aes":               number(func(o *options) *int { return &o.expectCipher }),
	"-expect-total-renegotiations":     number(func(o *options) *int { return &o.expectRenegotiations }),
	"-curves":                          list(func(o *options) *[]int { return &o.curves }),
	"-verify-prefs":                    list(func(o *options) *[]int { return &o.verifyPrefs }),
	"-signing-prefs":                   list(func(o *options) *[]int { return &o.signingPrefs }),
	"-cert-file":                       text(func(o *options) *string { return &o.certFile }),
	"-key-file":                        text(func(o *options) *string { return &o.keyFile }),
	"-trust-cert":                      text(func(o *options) *string { return &o.trustCert }),
	"-host-name":                       text(func(o *options) *string { return &o.hostName }),
	"-advertise-alpn":                  text(func(o *options) *string { return &o.advertiseALPN }),
	"-expect-alpn":                     text(func(o *options) *string { return &o.expectALPN }),
	"-export-label":                    text(func(o *options) *string { return &o.exportLabel }),
	"-export-context":                  text(func(o *options) *string { return &o.exportContext }),
	"-shim-initial-write":              text(func(o *options) *string { return &o.initialWrite }),
	"-expect-peer-cert-file":           text(func(o *options) *string { return &o.expectPeerCert }),
	"-backend":                         text(func(o *options) *string { return &o.backend }),
	"-driver":                          text(func(o *options) *string { return &o.driver }),
	"-shim-id": func(o *options, value string) (err error) {
		o.shimID, err = strconv.ParseUint(value, 10, 64)
		return err
	},
	"-expect-ocsp-response": func(o *options, value string) (err error) {
		o.expectOCSP, err = base64.StdEncoding.DecodeString(value)
		return err
	},
}

// switches are the flags without a value. Those with an empty function ask for what this client does anyway, or for what makes
// no difference to it (which of BoringSSL's callbacks does the work, for instance).
var switches = map[string]func(*options){
	"-ipv6":                          func(o *options) { o.ipv6 = true },
	"-async":                         func(o *options) { o.async = true },
	"-no-tls1":                       func(o *options) { o.noTLS1 = true },
	"-no-tls11":                      func(o *options) { o.noTLS11 = true },
	"-no-tls12":                      func(o *options) { o.noTLS12 = true },
	"-no-tls13":                      func(o *options) { o.noTLS13 = true },
	"-verify-fail":                   func(o *options) { o.verifyFail = true },
	"-no-ticket":                     func(o *options) { o.noTicket = true },
	"-shim-writes-first":             func(o *options) { o.shimWritesFirst = true },
	"-shim-shuts-down":               func(o *options) { o.shimShutsDown = true },
	"-key-update":                    func(o *options) { o.keyUpdate = true },
	"-key-update-before-read":        func(o *options) { o.keyUpdateBeforeRead = true },
	"-check-close-notify":            func(o *options) { o.checkCloseNotify = true },
	"-send-alert":                    func(o *options) { o.sendAlert = true },
	"-use-export-context":            func(o *options) { o.useExportContext = true },
	"-write-different-record-sizes":  func(o *options) { o.differentSizes = true },
	"-expect-session-miss":           func(o *options) { o.expectSessionMiss = true },
	"-expect-no-session":             func(o *options) { o.expectNoSession = true },
	"-expect-hrr":                    func(o *options) { o.expectHRR = true },
	"-expect-no-hrr":                 func(o *options) { o.expectNoHRR = true },
	"-expect-extended-master-secret": func(o *options) { o.expectExtendedMaster = true },

	"-verify-peer":                          func(*options) {},
	"-use-custom-verify-callback":           func(*options) {},
	"-reverify-on-resume":                   func(*options) {},
	"-expect-verify-result":                 func(*options) {},
	"-enable-ocsp-stapling":                 func(*options) {},
	"-use-old-client-cert-callback":         func(*options) {},
	"-implicit-handshake":                   func(*options) {},
	"-no-op-extra-handshake":                func(*options) {},
	"-peek-then-read":                       func(*options) {},
	"-forbid-renegotiation-after-handshake": func(*options) {},
	"-handshake-never-done":                 func(*options) {},
	"-expect-ticket-renewal":                func(*options) {},
	"-expect-no-offer-early-data":           func(*options) {},
}

func number(field func(*options) *int) func(*options, string) error {
	return func(o *options, value string) (err error) {
		*field(o), err = strconv.Atoi(value)
		return err
	}
}

func text(field func(*options) *string) func(*options, string) error {
	return func(o *options, value string) error {
		*field(o) = value
		return nil
	}
}

func list(field func(*options) *[]int) func(*options, string) error {
	return func(o *options, value string) error {
		n, err := strconv.Atoi(value)
		*field(o) = append(*field(o), n)
		return err
	}
}

// parseFlags reads the command line. A flag may be meant for the first connection (-on-initial-x), for the resumed ones
// (-on-resume-x), or for this program and not its helper (-on-shim-x).
func parseFlags(args []string) (initial, resumed options, err error) {
	initial = options{maxVersion: 0x0304, initialWrite: "hello", repeatWrite: 1, backend: "golang", driver: "goroutine"}
	resumed = initial
	for len(args) > 0 {
		name, targets := scope(args[0], &initial, &resumed)
		args = args[1:]
		if apply, ok := switches[name]; ok {
			for _, o := range targets {
				apply(o)
			}
			continue
		}
		take, ok := takers[name]
		if !ok {
			return initial, resumed, fmt.Errorf("flag %s: %w", name, errUnimplemented)
		}
		if len(args) == 0 {
			return initial, resumed, fmt.Errorf("flag %s needs a value", name)
		}
		for _, o := range targets {
			if err := take(o, args[0]); err != nil {
				return initial, resumed, fmt.Errorf("flag %s: %w", name, err)
			}
		}
		args = args[1:]
	}
	return initial, resumed, nil
}

// scope takes the prefix off a flag and tells whom it is for.
func scope(flag string, initial, resumed *options) (name string, targets []*options) {
	for prefix, targets := range map[string][]*options{
		"-on-initial": {initial}, "-on-resume": {resumed}, "-on-shim": {initial, resumed}, "-on-retry": {},
	} {
		if rest, ok := strings.CutPrefix(flag, prefix); ok {
			return rest, targets
		}
	}
	return flag, []*options{initial, resumed}
}
