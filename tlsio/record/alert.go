package record

import (
	"errors"
	"fmt"
	"strconv"
)

// The alert codes that this room sends or tells apart. Source: RFC 8446 §6, RFC 5246 §7.2.
const (
	AlertCloseNotify           uint8 = 0
	AlertUnexpectedMessage     uint8 = 10
	AlertBadRecordMAC          uint8 = 20
	AlertRecordOverflow        uint8 = 22
	AlertHandshakeFailure      uint8 = 40
	AlertBadCertificate        uint8 = 42
	AlertIllegalParameter      uint8 = 47
	AlertDecodeError           uint8 = 50
	AlertDecryptError          uint8 = 51
	AlertProtocolVersion       uint8 = 70
	AlertInternalError         uint8 = 80
	AlertUserCanceled          uint8 = 90
	AlertNoRenegotiation       uint8 = 100
	AlertMissingExtension      uint8 = 109
	AlertUnsupportedExtension  uint8 = 110
	AlertNoApplicationProtocol uint8 = 120
	alertLevelWarning                = 1
	alertLevelFatal                  = 2
	alertLen                         = 2
	maxWarningAlerts                 = 4  // BoringSSL's kMaxWarningAlerts
	maxEmptyRecords                  = 32 // BoringSSL's kMaxEmptyRecords
	maxKeyUpdates                    = 32 // BoringSSL's kMaxKeyUpdates
)

// ErrTruncated: the stream ended without close_notify, so nobody knows whether the peer had said everything.
var ErrTruncated = errors.New("record: stream ended without close_notify")

// AlertError ends a connection by an alert: one that the peer sent, or one that this side must send.
type AlertError struct {
	Code uint8
	// Sent: the alert is ours to send (AppendAlert), because the peer broke a rule. Otherwise the peer sent it.
	Sent bool
	// Why names the broken rule in a few words; empty for a peer's alert.
	Why string
}

func (e *AlertError) Error() string {
	if e.Sent {
		return "record: " + e.Why + ": alert " + AlertName(e.Code)
	}
	return "record: peer sent alert " + AlertName(e.Code)
}

// refuse makes the error for a rule that the peer broke.
func refuse(code uint8, why string) *AlertError { return &AlertError{Code: code, Sent: true, Why: why} }

var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
	30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
	43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
	47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
	60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
	115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol", 121: "ech_required",
}

// AlertName is the code's name in the RFCs, with its number.
func AlertName(code uint8) string {
	if name, ok := alertNames[code]; ok {
		return fmt.Sprintf("%s (%d)", name, code)
	}
	return strconv.Itoa(int(code))
}
