package dynamodbstore

import "fmt"

// Workspace returns a Store of another workspace of the table: 1 to 63 lower-case
// letters, digits and dashes. It has the options of s, and shares the table, its
// client, caches, queues and background work with it; nothing of one workspace is
// seen in another. It lives as long as s: a Close of it does nothing. It makes no
// request; call [Store.Init] on it once to make the workspace's experiment 0.
func (s *Store) Workspace(name string) (*Store, error) {
	v, err := s.view.In(name)
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	w := s.in(v)
	w.ofWorkspace = true
	return w, nil
}
