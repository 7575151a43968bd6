package dynamodbstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func TestParseURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]dynamodbstore.Location{
		"dynamodb://us-east-1/my-table":               {Region: "us-east-1", Table: "my-table"},
		"dynamodb://eu-west-1/prod-mlflow":            {Region: "eu-west-1", Table: "prod-mlflow"},
		"dynamodb://us-gov-west-1/t_1":                {Region: "us-gov-west-1", Table: "t_1"},
		"dynamodb://mx-central-1/a.b":                 {Region: "mx-central-1", Table: "a.b"},
		"dynamodb://eusc-de-east-1/abc":               {Region: "eusc-de-east-1", Table: "abc"},
		"dynamodb://us-iso-east-1/abc":                {Region: "us-iso-east-1", Table: "abc"},
		"dynamodb://us-isob-east-1/abc":               {Region: "us-isob-east-1", Table: "abc"},
		"dynamodb://us-east-1":                        {Region: "us-east-1", Table: "mlflow"},
		"dynamodb://us-east-1/":                       {Region: "us-east-1", Table: "mlflow"},
		"dynamodb:///my-table":                        {Table: "my-table"},
		"dynamodb://":                                 {Table: "mlflow"},
		"DynamoDB://us-east-1/my-table":               {Region: "us-east-1", Table: "my-table"},
		"dynamodb://localhost:8000/test-table":        {Endpoint: "http://localhost:8000", Table: "test-table"},
		"dynamodb://127.0.0.1:8000/test-table":        {Endpoint: "http://127.0.0.1:8000", Table: "test-table"},
		"dynamodb://[::1]:8000/test-table":            {Endpoint: "http://[::1]:8000", Table: "test-table"},
		"dynamodb://dynamodb_local:8000/abc":          {Endpoint: "http://dynamodb_local:8000", Table: "abc"},
		"dynamodb://us-east-1:8000/abc":               {Endpoint: "http://us-east-1:8000", Table: "abc"},
		"dynamodb://http://dynamodb.local:8000/dev":   {Endpoint: "http://dynamodb.local:8000", Table: "dev"},
		"dynamodb://https://dynamodb.example.com/dev": {Endpoint: "https://dynamodb.example.com", Table: "dev"},
		"dynamodb://https://[fd00::1]/dev":            {Endpoint: "https://[fd00::1]", Table: "dev"},
	} {
		want.Deploy = true
		got, err := dynamodbstore.ParseURI(uri)
		require.NoError(t, err, uri)
		require.Equal(t, want, got, uri)
	}
	got, err := dynamodbstore.ParseURI("dynamodb://us-east-1/my-table?deploy=false")
	require.NoError(t, err)
	require.Equal(t, dynamodbstore.Location{Region: "us-east-1", Table: "my-table"}, got)
}

func TestParseURIRefuses(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"":                                               "begins with neither dynamodb:// nor local:",
		"us-east-1/table":                                "begins with neither dynamodb:// nor local:",
		"sqlite:///mlflow.db":                            "begins with neither dynamodb:// nor local:",
		"dynamodb:us-east-1/table":                       "begins with neither dynamodb:// nor local:",
		"dynamodb://us-east-1/a/b":                       "more than a table name",
		"dynamodb://us-east-1/ab":                        "3 to 255",
		"dynamodb://us-east-1/my table":                  "white space",
		"dynamodb://us-east-1/täble":                     "3 to 255",
		"dynamodb://us-east-1/abc#x":                     "fragment",
		"dynamodb://us-east-1/abc?region=x":              `unknown query parameter "region"`,
		"dynamodb://us-east-1/abc?deploy=no":             "neither true nor false",
		"dynamodb://us-east-1/abc?deploy=0&deploy=1":     "unknown query parameter",
		"dynamodb://AKIA:secret@us-east-1/abc":           "user info",
		"dynamodb://http://user:secret@host:8000/abc":    "user info",
		"dynamodb://localhost/abc":                       "neither a region nor host:port",
		"dynamodb://localhost:/abc":                      "port",
		"dynamodb://localhost:0/abc":                     "port",
		"dynamodb://localhost:99999/abc":                 "port",
		"dynamodb://localhost:+80/abc":                   "port",
		"dynamodb://::1:8000/abc":                        "brackets",
		"dynamodb://[::1/abc":                            "brackets",
		"dynamodb://[127.0.0.1]:8000/abc":                "no IPv6 address",
		"dynamodb://http:///abc":                         "no host",
		"dynamodb://ftp://host:21/abc":                   "",
		"dynamodb://-bad-:8000/abc":                      "neither a region nor a host",
		"dynamodb://us-east-1/abc?deploy=false&x=%zz":    "query",
		"dynamodb://http://dynamodb.local:8000/dev/more": "more than a table name",
	} {
		_, err := dynamodbstore.ParseURI(uri)
		require.Error(t, err, uri)
		require.ErrorContains(t, err, want, uri)
		require.ErrorContains(t, err, "dynamodb://us-east-1/mlflow", "%s: no right form is shown", uri)
		require.NotContains(t, err.Error(), "secret")
	}
}

func FuzzParseURI(f *testing.F) {
	for _, uri := range []string{
		"dynamodb://us-east-1/t", "dynamodb://http://[::1]:80/abc?deploy=false", "dynamodb://a@b:1/abc", "dynamodb://",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		loc, err := dynamodbstore.ParseURI(uri)
		if err != nil {
			return
		}
		again, err := dynamodbstore.ParseURI(loc.String())
		require.NoError(t, err, "%q became %q", uri, loc)
		require.Equal(t, loc, again)
	})
}

func TestOpenRefusesLocal(t *testing.T) {
	t.Parallel()
	_, err := dynamodbstore.Open(t.Context(), "local:dir")
	require.ErrorContains(t, err, "local.Open")
}
