package world

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
)

// task is one line of blocking code: the loop, a supervisor, the server's half of a connection. It is a coroutine: it
// runs until it waits, and whoever runs it goes on when it does. So one task runs at a time, in an order that follows
// from the seed alone, on however many processors.
type task struct {
	name  string
	life  *life // whose process it belongs to; nil: the world's own
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  chan struct{} // closed at its end

	ready  func() bool // what it waits for beside the time; nil: the time alone
	until  int64       // when it waits no longer; never: for ever
	doomed bool        // its process is gone: it only unwinds
	ended  bool
}

// errKilled unwinds the tasks of a process that was killed.
var errKilled = errors.New("world: the process was killed")

// spawn adds a task that runs at the next chance.
func (s *stage) spawn(name string, l *life, work func()) *task {
	t := &task{name: name, life: l, done: make(chan struct{}), until: s.now}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		defer func() {
			t.ended = true
			close(t.done)
			s.unwound(t, recover())
		}()
		work()
	})
	s.tasks = append(s.tasks, t)
	return t
}

// unwound judges how a task has ended: by itself, by a kill, or by a panic, which is a failure of the run.
func (s *stage) unwound(t *task, value any) {
	if err, is := value.(error); value == nil || is && errors.Is(err, errKilled) {
		return
	}
	if t.doomed {
		return // code that meets the end of its process in the middle may see anything
	}
	s.broken = fmt.Errorf("world: task %s panicked: %v\n%s", t.name, value, debug.Stack())
}

// resume runs t until it waits or ends.
func (s *stage) resume(t *task) {
	before := s.current
	s.current = t
	t.ready = nil
	t.next()
	s.current = before
}

// park waits in the running task until ready tells true or until has come. It panics with errKilled where the process
// was killed meanwhile.
func (s *stage) park(until int64, ready func() bool) {
	t := s.current
	if t == nil {
		panic("world: something waits outside of every task")
	}
	if t.doomed {
		panic(errKilled)
	}
	t.until, t.ready = until, ready
	t.yield(struct{}{})
	if t.doomed {
		panic(errKilled)
	}
}

// runnable tells whether t can go on at now.
func (t *task) runnable(now int64) bool {
	if t.life != nil && t.life.dead {
		return false // doom unwinds it
	}
	return !t.ended && (t.until <= now || t.ready != nil && t.ready())
}

// doom ends all tasks of a process where they stand. What they still do on their way out reaches nobody.
func (s *stage) doom(l *life) {
	for _, t := range s.tasks {
		if t.life == l && !t.ended {
			t.doomed = true
		}
	}
	for _, t := range s.tasks {
		for t.life == l && !t.ended {
			if t == s.current {
				break // it dooms itself: it unwinds when it returns to park
			}
			if t.yield == nil { // it never ran
				t.ended = true
				t.stop()
				close(t.done)
				break
			}
			s.resume(t)
		}
	}
	s.sweep()
}

// sweep forgets tasks that have ended.
func (s *stage) sweep() {
	kept := s.tasks[:0]
	for _, t := range s.tasks {
		if !t.ended {
			kept = append(kept, t)
		}
	}
	clear(s.tasks[len(kept):])
	s.tasks = kept
}
