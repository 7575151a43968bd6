package directory

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"

// RolesIn returns the roles that the document of the roles of a user names.
func RolesIn(it table.Item) []int64 {
	d, err := decodeUserRoles(it)
	if err != nil {
		panic(err)
	}
	return d.roles
}

// InlineRows is how many rows a deletion removes itself.
const InlineRows = inlineRows

// ManyGrants is how many grants a snapshot holds at most.
const ManyGrants = manyGrants
