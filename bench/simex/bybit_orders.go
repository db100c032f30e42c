package simex

import "strings"

// orders runs one request of the trade socket.
func (s *bybitSession) orders(now int64, op string, id []byte) *refusal {
	if s.key == nil {
		return &refusal{cBadSignatures, 0, 10004, "Request not authorized.", 0}
	}
	if s.restarting || s.v.maintained(now) {
		return &refusal{counterCount, 0, 10019, "ws trade service is restarting, please reconnect.", 0}
	}
	if why := s.once(id); why != nil {
		return why
	}
	if why := s.checkHeader(now); why != nil {
		return why
	}
	doc := &s.c.doc
	list := doc.find(0, "args")
	if doc.kind(list) != jsonArray || doc.nodes[list].next == int32(list+1) || doc.kind(list+1) != jsonObject || doc.nodes[list+1].next != doc.nodes[list].next {
		return &refusal{cBadParams, 0, 10001, "Params Error: args holds exactly one object.", 0}
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	d := bybitDesk{v: s.v, c: s.c, account: s.key.account, key: s.key, now: now}
	if single, ok := strings.CutSuffix(op, "-batch"); ok {
		return s.batch(&d, op, single, id, list+1)
	}
	result, plan, why := d.run(op, list+1, "")
	if why != nil {
		if plan.OmitID {
			id = nil
		}
		why.count(s.v)
		why.counter = counterCount
		s.fail(now, op, id, why)
		s.v.publish(now, s.c, &plan)
		return nil
	}
	if plan.ReportFirst {
		s.v.publish(now, s.c, &plan)
	}
	s.answer(now, op, id, result, `{}`, &plan)
	s.v.publish(now, s.c, &plan)
	return nil
}

// once refuses a reqId that was used before.
func (s *bybitSession) once(id []byte) *refusal {
	if len(id) == 0 {
		return nil
	}
	if _, used := s.requests[string(id)]; used {
		return &refusal{cBadNonce, 0, 20006, "Duplicated reqId.", 0}
	}
	if len(s.requests) >= bybitRequestsMax {
		clear(s.requests)
	}
	s.requests[string(id)] = struct{}{}
	return nil
}

// checkHeader applies the time rule to the request's header object.
func (s *bybitSession) checkHeader(now int64) *refusal {
	doc := &s.c.doc
	head := doc.find(0, "header")
	stamp := s.string(head, "X-BAPI-TIMESTAMP")
	window := []byte("5000")
	if doc.find(head, "X-BAPI-RECV-WINDOW") >= 0 {
		window = s.string(head, "X-BAPI-RECV-WINDOW")
	}
	return s.b.checkTime(now, stamp, window)
}

// checkTime: server - window <= timestamp < server + 1000 ms.
func (b *bybit) checkTime(now int64, stampText, windowText []byte) *refusal {
	stamp, ok := parseID(stampText)
	window, fine := parseID(windowText)
	if !ok || !fine {
		return &refusal{cBadParams, 0, 10001, "Params Error: timestamp or window.", 0}
	}
	server := b.v.clock(now) / 1e6
	if int64(stamp) >= server+1000 || server-int64(min(window, 1<<40)) > int64(stamp) {
		return &refusal{cBadWindow, 0, 10002, "The request time exceeds the time window range.", 0}
	}
	return nil
}

// answer is a positive reply: received, not yet accepted by the engine.
func (s *bybitSession) answer(now int64, op string, id, data []byte, ext string, plan *Plan) {
	code, text := int64(0), "OK"
	if plan.Unknown || plan.Vanish {
		code, text, data = 10016, "Internal server error.", []byte("{}")
	} else if op == "order.create" && !plan.AckLost && !plan.Cut {
		s.v.tally.add(cAcked)
	}
	dst := append(s.text[:0], '{')
	if id != nil && !plan.OmitID {
		dst = append(appendQuoted(append(dst, `"reqId":`...), id), ',')
	}
	dst = appendInt(append(dst, `"retCode":`...), code)
	dst = append(append(append(dst, `,"retMsg":"`...), text...), `","op":"`...)
	dst = append(append(append(dst, op...), `","data":`...), data...)
	dst = append(append(append(dst, `,"retExtInfo":`...), ext...), `,"header":`...)
	dst = s.usageHeader(dst, now, op)
	s.text = append(append(append(dst, `,"connId":"`...), s.connID...), `"}`...)
	s.c.handOver(now, s.text, plan)
}

// usageHeader is the header object of a reply. The venue's lock may be held or not: the figures are the session's own.
func (s *bybitSession) usageHeader(dst []byte, now int64, op string) []byte {
	limit, left := int64(s.v.config.Limits.OrdersPerSecond), int64(0)
	if s.key != nil {
		left = max(0, limit-s.key.account.second(strings.TrimSuffix(op, "-batch")).load(now))
	}
	dst = appendInt(append(dst, `{"X-Bapi-Limit":"`...), limit)
	dst = appendInt(append(dst, `","X-Bapi-Limit-Status":"`...), left)
	dst = appendInt(append(dst, `","X-Bapi-Limit-Reset-Timestamp":"`...), (s.v.clock(now)/1e9+1)*1e3)
	return append(appendInt(append(dst, `","Traceid":"0","Timenow":"`...), s.v.clock(now)/1e6), `"}`...)
}

// batch runs every member of args[0].request, each with its own result code.
func (s *bybitSession) batch(d *bybitDesk, op, single string, id []byte, object int) *refusal {
	doc := &s.c.doc
	category := string(s.string(object, "category"))
	list := doc.find(object, "request")
	if doc.kind(list) != jsonArray {
		return &refusal{cBadParams, 0, 10001, "Params Error: request.", 0}
	}
	data, ext := []byte(`{"list":[`), []byte(`{"list":[`)
	n, most := 0, 20
	if category == "spot" {
		most = 10
	}
	var plan Plan
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if n++; n > most {
			return &refusal{cBadParams, 0, 10001, "Params Error: too many orders in a batch.", 0}
		}
		result, one, why := d.run(single, i, category)
		plan = one
		if n > 1 {
			data, ext = append(data, ','), append(ext, ',')
		}
		if why == nil {
			if single == "order.create" {
				s.v.tally.add(cAcked)
			}
			data, ext = append(data, result...), append(ext, `{"code":0,"msg":"OK"}`...)
			continue
		}
		why.count(s.v)
		data = append(data, `{"orderId":"","orderLinkId":""}`...)
		ext = appendQuoted(append(appendInt(append(ext, `{"code":`...), int64(why.code)), `,"msg":`...), []byte(why.text))
		ext = append(ext, '}')
	}
	s.answer(d.now, op, id, append(data, ']', '}'), string(append(ext, ']', '}')), &plan)
	s.v.publish(d.now, s.c, &plan)
	return nil
}

// bybitDesk runs single order requests, for the socket and for REST. The venue's lock is held.
type bybitDesk struct {
	v       *Venue
	c       *Conn
	account *account
	key     *apiKey
	now     int64
}

func (d *bybitDesk) run(op string, object int, category string) (result []byte, plan Plan, why *refusal) {
	if limit := d.v.config.Limits.OrdersPerSecond; limit > 0 && d.account.second(op).add(d.now) > int64(limit) {
		return nil, plan, &refusal{cOverLimit, 0, 10006, "Too many visits. Exceeded the API Rate Limit.", 0}
	}
	if d.key.NoTrade {
		return nil, plan, &refusal{cBadKeys, 0, 10005, "Permission denied, please check your API key permissions.", 0}
	}
	if category == "" {
		category = string(d.string(object, "category"))
	}
	switch category {
	case "spot", "linear", "inverse", "option":
	default:
		return nil, plan, &refusal{cBadParams, 0, 10001, "Params Error: category.", 0}
	}
	switch op {
	case "order.create":
		return d.create(object, category)
	case "order.amend":
		return d.amend(object, category)
	case "order.cancel":
		return d.cancel(object, category)
	}
	return nil, plan, &refusal{cUnexpected, 0, 10001, "Params Error: unknown op.", 0}
}

const bybitOrderParams = " symbol side orderType qty price category timeInForce orderLinkId positionIdx reduceOnly isLeverage marketUnit smpType slippageToleranceType slippageTolerance closeOnTrigger mmp orderFilter "

// create enters an order: retCode 0 means that it was received, the order topic tells the rest.
func (d *bybitDesk) create(object int, category string) (result []byte, plan Plan, why *refusal) {
	doc := &d.c.doc
	for i := object + 1; i < int(doc.nodes[object].next); i = int(doc.nodes[i].next) {
		if !hasWord(bybitOrderParams, string(doc.name(i))) {
			return nil, plan, &refusal{cBadParams, 0, 10001, "Params Error: unknown parameter " + string(doc.name(i)) + ".", 0}
		}
	}
	p := placement{account: d.account, rx: d.c.rx}
	if why := d.placement(object, category, &p); why != nil {
		return nil, plan, why
	}
	if earlier := d.account.latest[string(p.client)]; len(p.client) > 0 && earlier != nil {
		code := 110072
		if category == "spot" {
			code = 170141
		}
		return nil, plan, &refusal{cDuplicates, 0, code, "OrderLinkedID is duplicate.", 0}
	}
	plan = d.v.planFor("place", d.now, d.account, p.instrument.Symbol, p.client)
	if plan.Reject != "" && !strings.HasPrefix(plan.Reject, "EC_") {
		return nil, plan, bybitReject(&plan)
	}
	uid := d.v.uuid()
	if plan.Vanish {
		return d.ids(uid, p.client), plan, nil
	}
	o := d.v.placeNamed(d.now, &p, &plan, uid, category)
	d.v.goLocked()
	return d.ids(o.uid, p.client), plan, nil
}

// placeNamed places an order under a textual id; a Reject of the plan is then the engine's own.
func (v *Venue) placeNamed(now int64, p *placement, plan *Plan, uid, category string) *order {
	p.uid, p.category = uid, category
	if plan.Reject == "" {
		return v.place(now, p, plan)
	}
	o := v.enter(now, p)
	o.state, o.why = stateRejected, plan.Reject
	o.account.closed(o)
	v.tally.add(cRejected)
	v.tell(now, eventRejected, o, execution{})
	return o
}

func bybitReject(plan *Plan) *refusal {
	number, text, ok := strings.Cut(plan.Reject, " ")
	code, fine := parseID([]byte(number))
	if !ok || !fine {
		code, text = 10001, plan.Reject
	}
	return &refusal{cRejected, 0, int(code), text, 0}
}

// ids is the result of a request about one order.
func (d *bybitDesk) ids(uid string, client []byte) []byte {
	dst := append(append([]byte(`{"orderId":"`), uid...), `","orderLinkId":`...)
	return append(appendQuoted(dst, client), '}')
}

func (d *bybitDesk) placement(object int, category string, p *placement) *refusal {
	if p.instrument = d.v.instrument(d.string(object, "symbol")); p.instrument == nil {
		return &refusal{cBadParams, 0, 10001, "Params Error: symbol invalid.", 0}
	}
	switch string(d.string(object, "side")) {
	case "Buy":
		p.side = buy
	case "Sell":
		p.side = sell
	default:
		return &refusal{cBadParams, 0, 10001, "Params Error: side invalid.", 0}
	}
	if why := d.terms(object, p); why != nil {
		return why
	}
	if why := d.numbers(object, category, p); why != nil {
		return why
	}
	p.client = []byte{}
	if d.c.doc.find(object, "orderLinkId") >= 0 {
		p.client = d.string(object, "orderLinkId")
		if !clientIDForm(p.client, 36, "-_") {
			return &refusal{cBadIDs, 0, 10001, "Params Error: orderLinkId invalid.", 0}
		}
	}
	switch string(d.string(object, "smpType")) {
	case "", "None":
	case "CancelTaker":
		p.stp = selfCancelTaker
	case "CancelMaker":
		p.stp = selfCancelMaker
	case "CancelBoth":
		p.stp = selfCancelBoth
	default:
		return &refusal{cBadParams, 0, 10001, "Params Error: smpType invalid.", 0}
	}
	reduce := d.c.doc.find(object, "reduceOnly")
	p.reduce = reduce >= 0 && d.c.doc.kind(reduce) == jsonTrue
	if index := d.c.doc.find(object, "positionIdx"); index >= 0 && string(d.c.doc.raw(index)) != "0" {
		return &refusal{cBadParams, 0, 10001, "position idx not match position mode", 0}
	}
	return nil
}

func (d *bybitDesk) terms(object int, p *placement) *refusal {
	tif := string(d.string(object, "timeInForce"))
	switch string(d.string(object, "orderType")) {
	case "Market":
		p.kind, p.tif = marketOrder, immediateOrCancel
		if tif != "" && tif != "IOC" {
			return &refusal{cBadParams, 0, 10001, "Params Error: timeInForce of a market order.", 0}
		}
		return nil
	case "Limit":
	default:
		return &refusal{cBadParams, 0, 10001, "Params Error: orderType invalid.", 0}
	}
	switch tif {
	case "", "GTC":
	case "IOC":
		p.tif = immediateOrCancel
	case "FOK":
		p.tif = fillOrKill
	case "PostOnly":
		p.post = true
	default:
		return &refusal{cBadParams, 0, 10001, "Params Error: timeInForce invalid.", 0}
	}
	return nil
}

func (d *bybitDesk) numbers(object int, category string, p *placement) *refusal {
	var why *refusal
	if p.qty, why = d.number(object, "qty"); why != nil {
		return why
	}
	ins := p.instrument
	if p.kind == limitOrder {
		if p.price, why = d.number(object, "price"); why != nil {
			return why
		}
		if p.price == 0 || p.price%ins.tick != 0 {
			return &refusal{cBadNumbers, 0, 10001, "Params Error: price is not a multiple of the tick.", 0}
		}
	}
	unit := string(d.string(object, "marketUnit"))
	if p.kind == marketOrder && category == "spot" && (unit == "quoteCoin" || unit == "" && p.side == buy) {
		_, price := d.v.touchOrMark(p)
		if price == 0 {
			return &refusal{cRejected, 0, 170124, "No price for a market order.", 0}
		}
		p.qty = p.qty.over(price)
		p.qty -= p.qty % ins.step
	}
	switch {
	case p.qty == 0 || p.qty%ins.step != 0:
		return &refusal{cBadNumbers, 0, 10001, "Params Error: qty is not a multiple of the step.", 0}
	case p.qty < ins.minQty || p.qty > ins.maxQty:
		return &refusal{cRejected, 0, 170136, "Order quantity is out of range.", 0}
	}
	return nil
}

func (d *bybitDesk) number(object int, name string) (amount, *refusal) {
	doc := &d.c.doc
	at := doc.find(object, name)
	if at < 0 {
		return 0, &refusal{cBadParams, 0, 10001, "Params Error: " + name + " is missing.", 0}
	}
	if doc.kind(at) != jsonString {
		return 0, &refusal{cBadNumbers, 0, 10001, "Params Error: " + name + " is not a string.", 0}
	}
	value, fault := parseAmount(doc.str(at))
	if fault != numberFine {
		return 0, &refusal{cBadNumbers, 0, 10001, "Params Error: " + name + " is not a decimal.", 0}
	}
	return value, nil
}

func (d *bybitDesk) string(object int, name string) []byte {
	doc := &d.c.doc
	at := doc.find(object, name)
	if doc.kind(at) != jsonString {
		return nil
	}
	return doc.str(at)
}

// named finds the order of an amend or a cancel; if both ids are given the venue's own wins.
func (d *bybitDesk) named(object int, category string) (*order, *refusal) {
	uid, client := d.string(object, "orderId"), d.string(object, "orderLinkId")
	var o *order
	switch {
	case len(uid) > 0:
		o = d.v.byUID[string(uid)]
	case len(client) > 0:
		o = d.account.latest[string(client)]
	default:
		return nil, &refusal{cBadParams, 0, 10001, "Params Error: orderId or orderLinkId is needed.", 0}
	}
	if o == nil || o.account != d.account || !o.open() || o.category != category {
		if category == "spot" {
			return nil, &refusal{counterCount, 0, 170213, "Order does not exist.", 0}
		}
		return nil, &refusal{counterCount, 0, 110001, "order not exists or too late to cancel", 0}
	}
	return o, nil
}

func (d *bybitDesk) cancel(object int, category string) (result []byte, plan Plan, why *refusal) {
	o, why := d.named(object, category)
	if why != nil {
		return nil, plan, why
	}
	plan = d.v.planFor("cancel", d.now, d.account, o.instrument.Symbol, []byte(o.client))
	if plan.Reject != "" {
		return nil, plan, bybitReject(&plan)
	}
	if !plan.Vanish {
		d.v.cancel(d.now, o, "CancelByUser")
	}
	return d.ids(o.uid, []byte(o.client)), plan, nil
}

func (d *bybitDesk) amend(object int, category string) (result []byte, plan Plan, why *refusal) {
	o, why := d.named(object, category)
	if why != nil {
		return nil, plan, why
	}
	price, qty := o.price, o.qty
	if d.c.doc.find(object, "price") >= 0 {
		if price, why = d.number(object, "price"); why != nil {
			return nil, plan, why
		}
	}
	if d.c.doc.find(object, "qty") >= 0 {
		if qty, why = d.number(object, "qty"); why != nil {
			return nil, plan, why
		}
	}
	ins := o.instrument
	if price == 0 || price%ins.tick != 0 || qty == 0 || qty%ins.step != 0 {
		return nil, plan, &refusal{cBadNumbers, 0, 10001, "Params Error: tick or step.", 0}
	}
	if qty <= o.done {
		return nil, plan, &refusal{cRejected, 0, 110003, "Order quantity is below what is filled.", 0}
	}
	d.v.alter(d.now, o, price, qty)
	return d.ids(o.uid, []byte(o.client)), plan, nil
}
