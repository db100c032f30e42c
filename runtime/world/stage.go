package world

import (
	"container/heap"
	"math"
)

// stage is what everything in the world runs on: virtual time, the tasks, and what happens at given times. One goroutine
// steps it; time stands still while anything runs.
type stage struct {
	now     int64 // ns since the world began: the loop's monotonic clock
	tasks   []*task
	current *task
	events  events
	number  uint64 // of the last event: what happens at the same time happens in the order in which it was asked for
	broken  error  // a panic in a task
}

// never is a time that does not come.
const never = int64(math.MaxInt64)

// event is something that happens at a time.
type event struct {
	at     int64
	number uint64
	do     func()
}

// events is a heap, earliest first.
type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*e = old[:len(old)-1]
	return last
}

// at lets do happen at a time, at once where that has passed.
func (s *stage) at(at int64, do func()) {
	s.number++
	heap.Push(&s.events, event{at, s.number, do})
}

// after is at, from now.
func (s *stage) after(nanos int64, do func()) { s.at(s.now+nanos, do) }

// run steps the world until the time end has come, done tells true, or nothing can happen any more.
func (s *stage) run(end int64, done func() bool) {
	for s.broken == nil && !done() {
		if s.turn() {
			continue
		}
		next := s.next()
		if next > end {
			s.now = max(s.now, end)
			return
		}
		s.now = max(s.now, next)
		for len(s.events) > 0 && s.events[0].at <= s.now {
			heap.Pop(&s.events).(event).do()
		}
	}
}

// turn lets each task that can go on do so once, and tells whether there was one.
func (s *stage) turn() (any bool) {
	ended := false
	for i := 0; i < len(s.tasks); i++ { // tasks may be added meanwhile
		if t := s.tasks[i]; t.runnable(s.now) {
			any = true
			s.resume(t)
			ended = ended || t.ended
		}
	}
	if ended {
		s.sweep()
	}
	return any
}

// next is the time of what happens next.
func (s *stage) next() int64 {
	next := never
	if len(s.events) > 0 {
		next = s.events[0].at
	}
	for _, t := range s.tasks {
		if !t.ended {
			next = min(next, t.until)
		}
	}
	return next
}
