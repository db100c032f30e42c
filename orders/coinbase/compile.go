package coinbase

import (
	"errors"
	"fmt"
	"strings"

	"orderwire/orders"
	"orderwire/orders/market"
)

// stampMillis is how old a request's time may be when it arrives. Source: exchange/rest-api/authentication.
const stampMillis = 30_000

// Compile makes the template of spec: a whole HTTP request. With Exchange each carries a signature over its time,
// method, path and body; with Advanced it carries the signer's token, a JWT for POST and this path, so templates
// are compiled anew with each JWT.
func (d *Dialect) Compile(spec orders.Spec, ids orders.IDSpace, signer *orders.Signer) (*orders.Template, error) {
	if err := checkSymbol(spec.Symbol); err != nil {
		return nil, fmt.Errorf("coinbase: %w", err)
	}
	if strings.ContainsAny(d.host(), " \r\n\t/") {
		return nil, errors.New("coinbase: host holds what no host can")
	}
	// No request can say how long it may take, and each has an end all the same: the venue refuses what is stamped more
	// than 30 s ago (Exchange), or carries a JWT past its life (Advanced). The tracker has to know it.
	if spec.WindowMillis = stampMillis; d.API == Advanced {
		spec.WindowMillis = jwtLifeSeconds * 1000
	}
	ids.Form = orders.IDUUID
	b := orders.NewTemplateBuilder(orders.FrameHTTP, spec, ids)
	b.IntDigits(min(8, 18-int(min(spec.PriceScale, 17))), min(10, 18-int(min(spec.QtyScale, 17))))
	var err error
	switch {
	case spec.Action == orders.Test:
		err = errors.New("there is no dry run at this venue")
	case d.API == Advanced:
		err = d.advanced(b, spec, signer)
	default:
		err = d.exchange(b, spec, signer)
	}
	if err != nil {
		return nil, fmt.Errorf("coinbase: %w", err)
	}
	return b.Build(signer)
}

// exchange writes a request of the Exchange API. Source: exchange/rest-api/authentication.
func (d *Dialect) exchange(b *orders.TemplateBuilder, spec orders.Spec, signer *orders.Signer) error {
	if !signer.Signs() || signer.Passphrase().Empty() {
		return errors.New("the Exchange API needs an HMAC key and its passphrase")
	}
	b.CanonField(orders.FieldTimeSecs)
	switch spec.Action {
	case orders.Place:
		body, err := d.terms(spec)
		if err != nil {
			return err
		}
		b.Text("POST /orders HTTP/1.1\r\n").Canon("POST/orders").CanonBody()
		d.head(b)
		credentials(b, signer)
		b.Text("Content-Length: ").BodyLength().Text("\r\n\r\n").Body()
		b.Text(`{`+body+`"client_oid":"`).Field(orders.FieldClientID, orders.FormText)
		b.Text(`","size":"`).Field(orders.FieldQty, orders.FormQuoted)
		if spec.Type != orders.Market {
			b.Text(`,"price":"`).Field(orders.FieldPrice, orders.FormQuoted)
		}
		b.Text(`}`)
		return nil
	case orders.Cancel:
		query := "?product_id=" + spec.Symbol
		b.Text("DELETE /orders/client:").Field(orders.FieldTarget, orders.FormText).Text(query + " HTTP/1.1\r\n")
		b.Canon("DELETE/orders/client:").CanonField(orders.FieldTarget).Canon(query)
	case orders.CancelAll:
		path := "/orders?product_id=" + spec.Symbol
		b.Text("DELETE " + path + " HTTP/1.1\r\n").Canon("DELETE" + path)
	default:
		return fmt.Errorf("action %d is unknown", spec.Action)
	}
	d.head(b)
	credentials(b, signer)
	b.Text("\r\n")
	return nil
}

func (d *Dialect) head(b *orders.TemplateBuilder) {
	b.Text("Host: " + d.host() + "\r\nUser-Agent: orderwire\r\nAccept: application/json\r\nContent-Type: application/json\r\n")
}

// credentials are the four header lines of the Exchange API. The signature comes last: it is made last.
func credentials(b *orders.TemplateBuilder, signer *orders.Signer) {
	b.Text("CB-ACCESS-KEY: ").SecretText(signer.APIKey())
	b.Text("\r\nCB-ACCESS-PASSPHRASE: ").SecretText(string(signer.Passphrase().Reveal()))
	b.Text("\r\nCB-ACCESS-TIMESTAMP: ").Field(orders.FieldTimeSecs, orders.FormText)
	b.Text("\r\nCB-ACCESS-SIGN: ").Field(orders.FieldSignature, orders.FormBase64).Text("\r\n")
}

// terms are the static fields of an Exchange order.
func (d *Dialect) terms(spec orders.Spec) (string, error) {
	side, err := sideName(spec.Side)
	if err != nil {
		return "", err
	}
	stp := d.SelfTrade
	switch stp {
	case "":
		stp = "dc"
	case "dc", "co", "cn", "cb":
	default:
		return "", fmt.Errorf("self-trade prevention %q is none of dc, co, cn, cb", d.SelfTrade)
	}
	text := `"product_id":"` + spec.Symbol + `","side":"` + side + `","stp":"` + stp + `",`
	switch tif, err := tifOf(spec); {
	case err != nil:
		return "", err
	case spec.Type == orders.Market:
		return text + `"type":"market",`, nil
	case spec.Type == orders.PostOnly:
		return text + `"type":"limit","time_in_force":"GTC","post_only":true,`, nil
	default:
		return text + `"type":"limit","time_in_force":"` + tif + `",`, nil
	}
}

// advanced writes a request of the Advanced Trade API. Source: advanced-trade-api/rest-api, orders.
func (d *Dialect) advanced(b *orders.TemplateBuilder, spec orders.Spec, signer *orders.Signer) error {
	switch spec.Action {
	case orders.Place:
	case orders.Cancel, orders.CancelAll:
		return errors.New("the Advanced API cancels by the venue's ids only (CancelOrders)")
	default:
		return fmt.Errorf("action %d is unknown", spec.Action)
	}
	if signer == nil || signer.Token().Empty() {
		return errors.New("the Advanced API needs a JWT (JWT) as the signer's token")
	}
	side, err := sideName(spec.Side)
	if err != nil {
		return err
	}
	tif, err := tifOf(spec)
	if err != nil {
		return err
	}
	kind, tail := "limit_limit_gtc", `,"post_only":false`
	switch {
	case spec.Type == orders.Market:
		kind, tail = "market_market_ioc", ""
	case spec.Type == orders.PostOnly:
		tail = `,"post_only":true`
	case tif == "IOC":
		kind, tail = "sor_limit_ioc", ""
	case tif == "FOK":
		kind, tail = "limit_limit_fok", ""
	}
	b.Text("POST " + d.OrderPath() + " HTTP/1.1\r\n")
	d.head(b)
	b.Text("Authorization: Bearer ").SecretText(string(signer.Token().Reveal()))
	b.Text("\r\nContent-Length: ").BodyLength().Text("\r\n\r\n").Body()
	b.Text(`{"product_id":"`+spec.Symbol+`","side":"`+strings.ToUpper(side)+`","client_order_id":"`).Field(orders.FieldClientID, orders.FormText)
	b.Text(`","order_configuration":{"`+kind+`":{"base_size":"`).Field(orders.FieldQty, orders.FormQuoted)
	if spec.Type != orders.Market {
		b.Text(`,"limit_price":"`).Field(orders.FieldPrice, orders.FormQuoted)
	}
	b.Text(tail + `}}}`)
	return nil
}

func sideName(side market.Side) (string, error) {
	switch side {
	case market.Buy:
		return "buy", nil
	case market.Sell:
		return "sell", nil
	}
	return "", fmt.Errorf("side %d is unknown", side)
}

// tifOf is the venue's name of the time in force of a limit order.
func tifOf(spec orders.Spec) (string, error) {
	switch {
	case spec.Type != orders.Limit && spec.Type != orders.Market && spec.Type != orders.PostOnly:
		return "", fmt.Errorf("type %d is unknown", spec.Type)
	case spec.Type != orders.Limit && spec.TIF != 0:
		return "", errors.New("tif: only a limit order has one")
	}
	switch spec.TIF {
	case 0, orders.GTC:
		return "GTC", nil
	case orders.IOC:
		return "IOC", nil
	case orders.FOK:
		return "FOK", nil
	}
	return "", fmt.Errorf("tif %d is unknown", spec.TIF)
}
