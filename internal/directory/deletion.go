package directory

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// inlineRows is how many rows of a user, or of a role, a deletion removes itself.
const inlineRows = 1000

// DeleteUser deletes a user. One transaction frees the name and removes the document
// and the credentials: nobody logs in as the user from then on, nothing can be given to
// it, and who gets the name inherits nothing. Rows under its id follow; what a crash or
// [inlineRows] leaves [Store.FinishDeletions] removes. 3 requests, 2 RCU, 10 WCU, and 2
// WCU for each grant, role or token.
func (s *Store) DeleteUser(ctx context.Context, name string) error {
	for attempt := 0; ; attempt++ {
		u, err := s.User(ctx, name)
		if err != nil {
			return err
		}
		err = s.epoch.commit(ctx, Change{OfAUser, u.ID},
			table.Delete{Key: keys.UserDocument(u.ID), Cond: u.IsRev()},
			table.Delete{Key: keys.UserName(name), Cond: table.Equal(table.Attr{Name: keys.User, Value: table.Number(u.ID)})},
			table.Put{Item: goneRow(u.ID)},
			table.Delete{Key: keys.UserCredentials(u.ID)})
		if err == nil {
			s.finishUser(table.DeferSync(ctx), u.ID)
			return nil
		}
		if failed(err, 0) == nil && failed(err, 1) == nil {
			return err
		}
		if err := document.BackOff(ctx, attempt); err != nil { // it was changed, or is gone
			return err
		}
	}
}

// goneRow is the row in the list of a user whose rows are being removed.
func goneRow(id int64) table.Item {
	return table.NewItem(keys.UserRow(id),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.User, Value: table.Number(id)},
		table.Attr{Name: keys.Gone, Value: table.Number(1)})
}

// finishUser removes the first rows of a user that is gone. For its callers the user is
// gone, whatever comes of it.
func (s *Store) finishUser(ctx context.Context, id int64) {
	if err := s.removeUser(ctx, id, inlineRows); err != nil {
		s.Logger.WarnContext(ctx, "rows of a deleted user stay until deletions are finished", "user", id, "error", err)
	}
}

// FinishDeletions removes what interrupted deletions of users have left. Safe beside
// others. 1 RCU for each 4 KB of the list of users, 1 WCU for each row.
func (s *Store) FinishDeletions(ctx context.Context) error {
	for it, err := range s.userRows(ctx) {
		if err != nil {
			return err
		}
		if it.Num(keys.Gone) != 1 {
			continue
		}
		if err := s.removeUser(ctx, it.Num(keys.User), 0); err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a removal that has removed as many rows as it may.
var errEnough = errors.New("enough rows removed")

// removal removes rows, most of them if that is not 0.
type removal struct {
	table table.Table
	most  int
	done  int
}

// rows removes the rows of some range. others are what has to go before a row, since
// it is found by that.
func (r *removal) rows(ctx context.Context, pk, from, to string, others func(table.Item) ([]table.Key, error)) error {
	q := table.Query{PK: pk, From: from, To: to, Limit: table.MaxBatchGet}
	for {
		page, err := r.table.Query(ctx, q)
		if err != nil {
			return err
		}
		var first, then []table.Key
		for _, it := range page.Items {
			before, err := others(it)
			if err != nil {
				return err
			}
			first, then = append(first, before...), append(then, it.Key)
		}
		if err := r.table.BatchWrite(ctx, nil, first); err != nil {
			return err
		}
		if err := r.table.BatchWrite(ctx, nil, then); err != nil {
			return err
		}
		if r.done += len(first) + len(then); r.most > 0 && r.done >= r.most {
			return errEnough
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

func alone(table.Item) ([]table.Key, error) { return nil, nil }

// removeUser removes the rows of a user that is gone, most of them if that is not 0; its
// row in the list is the last one.
func (s *Store) removeUser(ctx context.Context, id int64, most int) error {
	err := s.removeUserRows(ctx, &removal{table: s.Table, most: most}, id)
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	}
	return s.Table.Delete(ctx, table.Delete{Key: keys.UserRow(id)})
}

func (s *Store) removeUserRows(ctx context.Context, r *removal, id int64) error {
	members, err := s.Memberships(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := r.rights(ctx, m, id); err != nil {
			return err
		}
	}
	pk, from, to := keys.UserTokens(id)
	if err := r.rows(ctx, pk, from, to, alone); err != nil {
		return err
	}
	pk, from, to = keys.Members(id)
	return r.rows(ctx, pk, from, to, alone)
}

// rights removes what a user has in a workspace.
func (r *removal) rights(ctx context.Context, m Membership, user int64) error {
	acl := keys.Workspace(m.Workspace).ACL(m.Generation)
	pk, from, to := acl.RightsOf(user)
	return r.rows(ctx, pk, from, to, func(it table.Item) ([]table.Key, error) {
		if it.Key != acl.UserRoles(user) {
			g, err := decodeGrant(it)
			return []table.Key{acl.GrantTo(g.Type, g.Pattern, user)}, err
		}
		d, err := decodeUserRoles(it)
		if err != nil {
			return nil, err
		}
		var rows []table.Key
		for _, role := range d.roles {
			rows = append(rows, acl.Assignment(role, user))
		}
		return rows, nil
	})
}
