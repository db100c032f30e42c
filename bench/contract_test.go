package bench

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"orderwire/orders"
)

const contractKey, contractSecret = "throw-away-key", "throw-away-secret"

// contractFrame is one order of the contract, patched and signed.
func contractFrame(t *testing.T, id uint64) []byte {
	t.Helper()
	signer, err := orders.NewHMACSigner(contractKey, orders.NewSecret([]byte(contractSecret)))
	if err != nil {
		t.Fatal(err)
	}
	template, err := new(Contract).Compile(ContractOrder, ContractIDs, signer)
	if err != nil {
		t.Fatal(err)
	}
	price, qty := Sequence{Seed: 3}.Order(5)
	payload := make([]byte, template.Len())
	template.Patch(payload, orders.Values{ID: id, Price: price, Qty: qty, WallNanos: 1_700_000_000_123_000_000})
	template.Sign(payload, signer)
	return payload
}

func TestContractOrderIsWhatAHarnessChecks(t *testing.T) {
	var frame struct {
		ID     string
		Method string
		Params map[string]any
	}
	decoder := json.NewDecoder(strings.NewReader(string(contractFrame(t, 42))))
	decoder.UseNumber()
	if err := decoder.Decode(&frame); err != nil {
		t.Fatal(err)
	}
	if frame.ID != "0000000042" || frame.Method != "order.place" {
		t.Errorf("id %q, method %q", frame.ID, frame.Method)
	}
	signature, _ := frame.Params["signature"].(string)
	delete(frame.Params, "signature")
	names := make([]string, 0, len(frame.Params))
	for name := range frame.Params {
		names = append(names, name)
	}
	sort.Strings(names)
	if got := strings.Join(names, " "); got != "apiKey newClientOrderId price quantity side symbol timeInForce timestamp type" {
		t.Errorf("parameters %s", got)
	}
	for name, want := range map[string]string{
		"newClientOrderId": "ow-0000000042", "side": "BUY", "symbol": "BTCUSDT", "timeInForce": "GTC", "type": "LIMIT",
		"timestamp": "1700000000123", "apiKey": contractKey,
	} {
		if got := fmt.Sprint(frame.Params[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	// The signature by the standard library, over what was sent.
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + "=" + fmt.Sprint(frame.Params[name])
	}
	mac := hmac.New(sha256.New, []byte(contractSecret))
	mac.Write([]byte(strings.Join(parts, "&")))
	if want := hex.EncodeToString(mac.Sum(nil)); signature != want {
		t.Errorf("signature %s, want %s", signature, want)
	}
}

func TestContractWithoutSignatureCarriesNoKey(t *testing.T) {
	signer, err := orders.NewSessionSigner(contractKey)
	if err != nil {
		t.Fatal(err)
	}
	template, err := new(Contract).Compile(ContractOrder, ContractIDs, signer)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, template.Len())
	template.Patch(payload, orders.Values{ID: 1, WallNanos: 1_700_000_000_000_000_000})
	if text := string(payload); strings.Contains(text, "signature") || strings.Contains(text, "apiKey") {
		t.Errorf("an order of a session that has logged on: %s", text)
	}
}

func TestContractRecordBytes(t *testing.T) {
	n, err := ContractRecordBytes(contractKey)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(contractFrame(t, 1)) + 8 + 5 + 1 + 16; n != want {
		t.Errorf("%d bytes, want %d", n, want)
	}
}

func TestContractReadsAcks(t *testing.T) {
	for _, row := range []struct {
		name, text string
		kind       orders.ReportKind
		ack        Ack
		client     string
	}{
		{
			"ack", `{"id":"0000000007","status":200,"result":{"symbol":"BTCUSDT","orderId":9,"rx":123456789012345,"bad":1,"rec":2,"seg":3,"len":400}}`,
			orders.ReportFilled,
			Ack{RX: 123456789012345, Bad: 1, Rec: 2, Seg: 3, Len: 400},
			"ow-0000000007",
		},
		{"number as id", `{"id":7,"status":200,"result":{}}`, orders.ReportFilled, Ack{}, "ow-0000000007"},
		{"refused", `{"id":"0000000007","status":400,"error":{"code":-1102,"msg":"no"}}`, orders.ReportRejected, Ack{}, "ow-0000000007"},
		{"logged on", `{"id":"login-0","status":200,"result":{"authorizedSince":1}}`, orders.ReportLoggedOn, Ack{}, ""},
		{"fields of other types", `{"id":"0000000007","status":200,"result":{"rx":"x","orderId":"9","more":[1,{}]}}`, orders.ReportFilled, Ack{}, "ow-0000000007"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var c Contract
			var r orders.Report
			if err := c.Classify([]byte(row.text), &r); err != nil {
				t.Fatal(err)
			}
			if r.Kind != row.kind || c.Last != row.ack || string(r.ClientID) != row.client {
				t.Errorf("kind %d, ack %+v, client id %q", r.Kind, c.Last, r.ClientID)
			}
		})
	}
}

func TestContractRefusesWhatIsNoAnswer(t *testing.T) {
	for _, text := range []string{``, `{`, `{"id":"1"}`, `{"status":200}`, `[]`, `{"id":"1","status":200}x`} {
		var r orders.Report
		if err := new(Contract).Classify([]byte(text), &r); err == nil {
			t.Errorf("%q was taken for an answer", text)
		}
	}
}

func TestContractAllocatesNothing(t *testing.T) {
	var c Contract
	var r orders.Report
	ack := []byte(`{"id":"0000000007","status":200,"result":{"symbol":"BTCUSDT","orderId":9,"rx":123456789012345,"bad":0,"rec":1,"seg":1,"len":400}}`)
	if allocs := testing.AllocsPerRun(100, func() {
		if err := c.Classify(ack, &r); err != nil {
			t.Fatal(err)
		}
	}); allocs != 0 {
		t.Errorf("an ack costs %v allocations", allocs)
	}
}
