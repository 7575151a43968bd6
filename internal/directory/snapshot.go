package directory

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// manyGrants is how many grants on single things a snapshot holds at most.
const manyGrants = 500

// Snapshot is all that decides for one user in one workspace.
type Snapshot struct {
	// Epochs are those before the first read: what they do not count may be missing.
	Epochs Epochs
	Roles  []*Role
	// Grants are those on all of a type, and then those on single things.
	Grants []Grant
	// Many says that there are too many grants on single things: none of them is here.
	// Look with [Rights.GrantOn].
	Many bool
}

// Snapshot returns what decides for a user that has some further roles, those that do
// not exist left out. known are epochs that were read before; nil: they are read. Reads
// are strong. 3 requests at most, 2 with known epochs; 2 RCU for the epochs, and 1 for
// each 4 KB of grants and of roles: 4 RCU with 20 small roles.
func (r *Rights) Snapshot(ctx context.Context, user int64, further []int64, known *Epochs) (*Snapshot, error) {
	s := &Snapshot{}
	var err error
	if known != nil {
		s.Epochs = *known
	} else if s.Epochs, err = r.Epochs(ctx); err != nil {
		return nil, err
	}
	own, err := r.rightsOf(ctx, user, s)
	if err != nil {
		return nil, err
	}
	if all := slices.Concat(own, further); len(all) > 0 {
		s.Roles, err = r.rolesByID(ctx, all)
	}
	return s, err
}

// rightsOf reads the grants of a user, and returns the ids of its roles.
func (r *Rights) rightsOf(ctx context.Context, user int64, s *Snapshot) (roles []int64, err error) {
	pk, from, to := r.acl.RightsOf(user)
	single := 0
	for it, err := range table.Items(ctx, r.Table, table.Query{PK: pk, From: from, To: to, Limit: mostRights}) {
		if err != nil {
			return nil, err
		}
		if it.Key == r.acl.UserRoles(user) {
			d, err := decodeUserRoles(it)
			if err != nil {
				return nil, err
			}
			roles = d.roles
			continue
		}
		g, err := decodeGrant(it)
		if err != nil {
			return nil, err
		}
		if g.Pattern != AnyPattern {
			single++
		}
		if s.Many = single > manyGrants; s.Many {
			s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool { return g.Pattern != AnyPattern })
			return roles, nil
		}
		s.Grants = append(s.Grants, g)
	}
	return roles, nil
}

// mostRights is how much of a user is read at once: roles, grants on all of each type,
// and one grant too many.
const mostRights = 1 + 64 + manyGrants + 1
