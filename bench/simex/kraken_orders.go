package simex

import "time"

const krakenOrderParams = " order_type side order_qty symbol limit_price time_in_force post_only cl_ord_id token deadline validate stp_type reduce_only margin order_userref display_qty effective_time expire_time cash_order_qty "

// add is add_order. The venue's lock is held in all of this file.
func (s *krakenSession) add(call *krakenCall) *refusal {
	result, plan, why := s.addOne(call, call.params, call.params)
	if why != nil {
		return why
	}
	if plan.ReportFirst {
		s.v.publish(call.now, s.c, &plan)
	}
	if result != nil && !plan.AckLost && !plan.Cut && !plan.Unknown && !plan.Vanish {
		s.v.tally.add(cAcked)
	}
	if result == nil {
		result = []byte("{}") // validated only
	}
	s.answer(call, result, &plan)
	s.v.publish(call.now, s.c, &plan)
	return nil
}

// addOne enters the order that object describes; the terms that a batch shares stand in common.
func (s *krakenSession) addOne(call *krakenCall, object, common int) (result []byte, plan Plan, why *refusal) {
	v, doc := s.v, &s.c.doc
	for i := object + 1; i < int(doc.nodes[object].next); i = int(doc.nodes[i].next) {
		if !hasWord(krakenOrderParams, string(doc.name(i))) {
			return nil, plan, krakenInvalid(string(doc.name(i)))
		}
	}
	if call.key.NoTrade {
		return nil, plan, &refusal{counter: cBadKeys, text: "EGeneral:Permission denied"}
	}
	p := placement{account: s.account, rx: s.c.rx, stp: selfCancelTaker, client: []byte{}}
	if why := s.placement(object, common, &p); why != nil {
		return nil, plan, why
	}
	if why := s.deadline(call, common); why != nil {
		return nil, plan, why
	}
	if at := doc.find(common, "validate"); at >= 0 && doc.kind(at) == jsonTrue {
		v.tally.add(cTested)
		return nil, plan, nil
	}
	if !s.spendCounter(call, p.instrument, 100, false) {
		return nil, plan, &refusal{counter: cOverLimit, text: "EOrder:Rate limit exceeded"}
	}
	if earlier := s.account.latest[string(p.client)]; len(p.client) > 0 && earlier != nil {
		v.tally.add(cDuplicates)
		if earlier.open() {
			return nil, plan, &refusal{counter: counterCount, text: "EOrder:Duplicate cl_ord_id"}
		}
	}
	plan = v.planFor("place", call.now, s.account, p.instrument.Symbol, p.client)
	if plan.Reject != "" {
		return nil, plan, &refusal{counter: cRejected, text: plan.Reject}
	}
	p.uid = v.krakenID('O')
	if !plan.Vanish {
		v.place(call.now, &p, &plan)
		v.goLocked()
	}
	dst := append(append([]byte(`{"order_id":"`), p.uid...), '"')
	if len(p.client) > 0 {
		dst = appendQuoted(append(dst, `,"cl_ord_id":`...), p.client)
	}
	if v.config.AckRx {
		dst = appendInt(append(dst, `,"rx":`...), p.rx)
	}
	return append(dst, '}'), plan, nil
}

func krakenInvalid(name string) *refusal {
	return &refusal{counter: cBadParams, text: "EGeneral:Invalid arguments:" + name}
}

func (s *krakenSession) placement(object, common int, p *placement) *refusal {
	if p.instrument = s.v.instrument(s.string(common, "symbol")); p.instrument == nil {
		return &refusal{counter: cBadParams, text: "EQuery:Unknown asset pair"}
	}
	switch string(s.string(object, "side")) {
	case "buy":
		p.side = buy
	case "sell":
		p.side = sell
	default:
		return krakenInvalid("side")
	}
	if why := s.terms(object, p); why != nil {
		return why
	}
	if why := s.numbers(object, p); why != nil {
		return why
	}
	doc := &s.c.doc
	if at := doc.find(object, "cl_ord_id"); at >= 0 {
		p.client = s.string(object, "cl_ord_id")
		if doc.find(object, "order_userref") >= 0 {
			return krakenInvalid("order_userref")
		}
		if !krakenClientID(p.client) {
			return &refusal{counter: cBadIDs, text: "EGeneral:Invalid arguments:cl_ord_id"}
		}
	}
	switch string(s.string(object, "stp_type")) {
	case "", "cancel_newest":
	case "cancel_oldest":
		p.stp = selfCancelMaker
	case "cancel_both":
		p.stp = selfCancelBoth
	default:
		return krakenInvalid("stp_type")
	}
	return nil
}

// krakenClientID: a UUID with dashes, 32 hex digits, or free text of up to 18 characters.
func krakenClientID(id []byte) bool {
	if isUUID(id) || clientIDForm(id, 18, "-_.") {
		return true
	}
	for _, c := range id {
		if hexValue(c) < 0 {
			return false
		}
	}
	return len(id) == 32
}

func (s *krakenSession) terms(object int, p *placement) *refusal {
	doc := &s.c.doc
	tif := string(s.string(object, "time_in_force"))
	post := doc.find(object, "post_only")
	if post >= 0 && doc.kind(post) != jsonTrue && doc.kind(post) != jsonFalse {
		return krakenInvalid("post_only")
	}
	p.post = post >= 0 && doc.kind(post) == jsonTrue
	switch string(s.string(object, "order_type")) {
	case "market":
		p.kind, p.tif = marketOrder, immediateOrCancel
		if tif != "" && tif != "ioc" || p.post {
			return krakenInvalid("time_in_force")
		}
		return nil
	case "limit":
	default:
		return krakenInvalid("order_type")
	}
	switch tif {
	case "", "gtc":
	case "ioc":
		p.tif = immediateOrCancel
	case "fok":
		p.tif = fillOrKill
	default:
		return krakenInvalid("time_in_force")
	}
	if p.post && p.tif != goodTillCancel {
		return krakenInvalid("post_only")
	}
	return nil
}

func (s *krakenSession) numbers(object int, p *placement) *refusal {
	var why *refusal
	if p.qty, why = s.number(object, "order_qty"); why != nil {
		return why
	}
	ins := p.instrument
	if p.kind == limitOrder {
		if p.price, why = s.number(object, "limit_price"); why != nil {
			return why
		}
		if p.price == 0 || p.price%ins.tick != 0 {
			return &refusal{counter: cBadNumbers, text: "EOrder:Tick size check failed"}
		}
	}
	switch {
	case p.qty == 0 || p.qty%ins.step != 0:
		return &refusal{counter: cBadNumbers, text: "EGeneral:Invalid arguments:volume"}
	case p.qty < ins.minQty || p.qty > ins.maxQty:
		return &refusal{counter: cRejected, text: "EGeneral:Invalid arguments:volume minimum not met"}
	case p.kind == limitOrder && p.price.times(p.qty) < ins.minNotional:
		return &refusal{counter: cRejected, text: "EOrder:Cost minimum not met"}
	case p.kind == marketOrder:
		if _, price := s.v.touchOrMark(p); price == 0 {
			return &refusal{counter: cRejected, text: "EService:Market in cancel_only mode"}
		}
	}
	return nil
}

// number reads a decimal that is a JSON number here, not a string, and in plain form.
func (s *krakenSession) number(object int, name string) (amount, *refusal) {
	doc := &s.c.doc
	at := doc.find(object, name)
	if at < 0 {
		return 0, krakenInvalid(name)
	}
	value, fault := parseAmount(doc.raw(at))
	if doc.kind(at) != jsonNumber || fault != numberFine {
		return 0, &refusal{counter: cBadNumbers, text: "EGeneral:Invalid arguments:" + name}
	}
	return value, nil
}

// deadline is the venue's receive window: not in the past, not more than a minute ahead.
func (s *krakenSession) deadline(call *krakenCall, object int) *refusal {
	if s.c.doc.find(object, "deadline") < 0 {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(s.string(object, "deadline")))
	if err != nil {
		return krakenInvalid("deadline")
	}
	ahead := at.Sub(time.Unix(0, s.v.clock(call.now)))
	switch {
	case ahead < 0:
		return &refusal{counter: cBadWindow, text: "EService:Deadline elapsed"}
	case ahead > time.Minute:
		return &refusal{counter: cBadWindow, text: "EGeneral:Invalid arguments:deadline"}
	}
	return nil
}

// krakenID makes an order or trade id: a letter and 5-5-6 of base 32.
func (v *Venue) krakenID(first byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var raw [16]byte
	v.random(raw[:])
	dst := []byte{first}
	for i, b := range raw {
		if i == 5 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, letters[b&31])
	}
	return string(dst)
}

// spendCounter charges the engine's counter of the account and pair, in hundredths, and tells whether it stays within
// the limit. Cancels are charged, but never refused.
func (s *krakenSession) spendCounter(call *krakenCall, ins *instrument, cost int64, always bool) bool {
	limits := &s.v.config.Limits
	m := s.account.meter(ins)
	m.decay(call.now, int64(limits.CounterDecay))
	if limits.CounterMax > 0 && m.level+cost > int64(limits.CounterMax) && !always {
		return false
	}
	m.level += cost
	return true
}

// cancelCost is what cancelling an order of this age costs, in hundredths.
//
// Source: guides/general/ratelimits; the steps between 5 and 300 s are not confirmed.
func cancelCost(ageNanos int64) int64 {
	for _, step := range []struct{ under, cost int64 }{{5e9, 800}, {10e9, 600}, {15e9, 500}, {45e9, 400}, {90e9, 200}, {300e9, 100}} {
		if ageNanos < step.under {
			return step.cost
		}
	}
	return 0
}

// cancel answers once an order.
func (s *krakenSession) cancel(call *krakenCall) *refusal {
	v, doc := s.v, &s.c.doc
	list := doc.find(call.params, "order_id")
	find := func(text []byte) *order { return v.byUID[string(text)] }
	if list < 0 {
		list = doc.find(call.params, "cl_ord_id")
		find = func(text []byte) *order { return s.account.latest[string(text)] }
	}
	if doc.kind(list) != jsonArray || doc.nodes[list].next == int32(list+1) {
		return krakenInvalid("order_id")
	}
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonString {
			return krakenInvalid("order_id")
		}
		s.cancelOne(call, find(doc.str(i)), doc.str(i))
	}
	return nil
}

func (s *krakenSession) cancelOne(call *krakenCall, o *order, given []byte) {
	v := s.v
	plan := v.planFor("cancel", call.now, s.account, "", given)
	if plan.Reject != "" {
		v.tally.add(cRejected)
		s.fail(call, plan.Reject, nil)
		return
	}
	if o == nil || o.account != s.account || !o.open() {
		s.fail(call, "EOrder:Unknown order", nil)
		return
	}
	if !plan.Vanish {
		s.spendCounter(call, o.instrument, cancelCost(call.now-o.created), true)
		v.cancel(call.now, o, "User requested")
	}
	dst := append(append([]byte(`{"order_id":"`), o.uid...), '"')
	if o.client != "" {
		dst = appendQuoted(append(dst, `,"cl_ord_id":`...), []byte(o.client))
	}
	s.answer(call, append(dst, '}'), &plan)
	v.publish(call.now, s.c, &plan)
}

// cancelAll is account-wide.
func (s *krakenSession) cancelAll(call *krakenCall) *refusal {
	n := int64(0)
	for _, o := range s.v.openOrders(s.account, nil) {
		s.v.cancel(call.now, o, "User requested")
		n++
	}
	s.confirm(call, append(appendInt([]byte(`{"count":`), n), '}'))
	s.v.publish(call.now, s.c, &Plan{})
	return nil
}

// cancelAfter is the dead man's switch of the whole account: it fires once and stays disarmed then.
func (s *krakenSession) cancelAfter(call *krakenCall) *refusal {
	doc := &s.c.doc
	at := doc.find(call.params, "timeout")
	seconds, ok := int64(0), at >= 0 && doc.kind(at) == jsonNumber && allDigits(doc.raw(at)) && len(doc.raw(at)) < 6
	if ok {
		seconds = integerOf(doc, at)
	}
	if !ok || seconds > 86400 {
		return krakenInvalid("timeout")
	}
	trigger := int64(0)
	dst := append(appendRFC3339([]byte(`{"currentTime":"`), s.v.clock(call.now)), `","triggerTime":"`...)
	if seconds > 0 {
		trigger = call.now + seconds*1e9
		dst = appendRFC3339(dst, s.v.clock(trigger))
	} else {
		dst = append(dst, '0')
	}
	s.v.arm(s.account, nil, trigger)
	s.confirm(call, append(dst, '"', '}'))
	return nil
}

// amend changes an open order and keeps its id.
func (s *krakenSession) amend(call *krakenCall) *refusal {
	doc := &s.c.doc
	var o *order
	if uid := s.string(call.params, "order_id"); uid != nil {
		o = s.v.byUID[string(uid)]
	} else if client := s.string(call.params, "cl_ord_id"); client != nil {
		o = s.account.latest[string(client)]
	} else {
		return krakenInvalid("order_id")
	}
	if why := s.deadline(call, call.params); why != nil {
		return why
	}
	if o == nil || o.account != s.account || !o.open() {
		return &refusal{counter: counterCount, text: "EOrder:Unknown order"}
	}
	price, qty := o.price, o.qty
	var why *refusal
	if doc.find(call.params, "limit_price") >= 0 {
		if price, why = s.number(call.params, "limit_price"); why != nil {
			return why
		}
	}
	if doc.find(call.params, "order_qty") >= 0 {
		if qty, why = s.number(call.params, "order_qty"); why != nil {
			return why
		}
	}
	if price == 0 || price%o.instrument.tick != 0 || qty%o.instrument.step != 0 {
		return &refusal{counter: cBadNumbers, text: "EOrder:Tick size check failed"}
	}
	if qty <= o.done {
		return &refusal{counter: cRejected, text: "EOrder:Invalid order_qty"}
	}
	s.spendCounter(call, o.instrument, 400, true)
	if price == o.price && qty < o.qty {
		o.qty = qty // keeps its place
		s.v.tell(call.now, eventReplaced, o, execution{})
	} else {
		s.v.alter(call.now, o, price, qty)
	}
	dst := append(append([]byte(`{"order_id":"`), o.uid...), `","amend_id":"`...)
	s.confirm(call, append(append(dst, s.v.krakenID('T')...), `"}`...))
	s.v.publish(call.now, s.c, &Plan{})
	return nil
}

// batchAdd takes 2 to 15 orders of one symbol.
func (s *krakenSession) batchAdd(call *krakenCall) *refusal {
	doc := &s.c.doc
	list := doc.find(call.params, "orders")
	n := 0
	if doc.kind(list) == jsonArray {
		for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
			n++
		}
	}
	if n < 2 || n > 15 {
		return krakenInvalid("orders")
	}
	dst := []byte(`{"orders":[`)
	var plan Plan
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		result, one, why := s.addOne(call, i, call.params)
		plan = one
		if why != nil {
			why.count(s.v)
			dst = append(appendQuoted(append(dst, `{"success":false,"error":`...), []byte(why.text)), '}')
			continue
		}
		if result != nil {
			s.v.tally.add(cAcked)
		}
		dst = append(dst, result...)
	}
	s.answer(call, append(dst, ']', '}'), &plan)
	s.v.publish(call.now, s.c, &plan)
	return nil
}

// batchCancel takes 2 to 50 ids and answers with a count.
func (s *krakenSession) batchCancel(call *krakenCall) *refusal {
	doc := &s.c.doc
	list := doc.find(call.params, "orders")
	if doc.kind(list) != jsonArray {
		return krakenInvalid("orders")
	}
	n := int64(0)
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonString {
			return krakenInvalid("orders")
		}
		o := s.v.byUID[string(doc.str(i))]
		if o == nil {
			o = s.account.latest[string(doc.str(i))]
		}
		if o != nil && o.account == s.account && o.open() {
			s.v.cancel(call.now, o, "User requested")
			n++
		}
	}
	s.confirm(call, append(appendInt([]byte(`{"count":`), n), '}'))
	s.v.publish(call.now, s.c, &Plan{})
	return nil
}
