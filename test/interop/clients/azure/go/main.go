// Microsoft's libraries for Go as anybody would use them: nothing about credentials or endpoints is said here.
//
// client managed AUDIENCE [CLIENT-ID] | default AUDIENCE | put ACCOUNT-URL CONTAINER BLOB | get ACCOUNT-URL CONTAINER BLOB |
// loop ACCOUNT-URL CONTAINER BLOB SECONDS
// One JSON line on stdout; exit 0, 1 for a failure.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

const pause = 250 * time.Millisecond

type answer map[string]any

func managed(args []string) (azcore.TokenCredential, error) {
	options := azidentity.ManagedIdentityCredentialOptions{}
	if len(args) > 1 {
		options.ID = azidentity.ClientID(args[1])
	}
	return azidentity.NewManagedIdentityCredential(&options)
}

func found() (azcore.TokenCredential, error) {
	return azidentity.NewDefaultAzureCredential(nil)
}

func token(ctx context.Context, credential azcore.TokenCredential, audience string) (answer, error) {
	got, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}})
	if err != nil {
		return nil, err
	}
	return answer{"token": got.Token, "expiresAt": got.ExpiresOn.UnixMilli()}, nil
}

func read(ctx context.Context, client *azblob.Client, container, blob string) (string, error) {
	response, err := client.DownloadStream(ctx, container, blob, nil)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// Notes the tokens that the storage client is given.
type noting struct {
	azcore.TokenCredential
	tokens map[string]bool
}

func (n noting) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	got, err := n.TokenCredential.GetToken(ctx, options)
	if err == nil {
		n.tokens[got.Token] = true
	}
	return got, err
}

func loop(ctx context.Context, credential noting, args []string) (answer, error) {
	client, err := azblob.NewClient(args[0], credential, nil)
	if err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseFloat(args[3], 64)
	if err != nil {
		return nil, err
	}
	reads, failures, firstError := 0, 0, any(nil)
	for until := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(until); time.Sleep(pause) {
		if _, err := read(ctx, client, args[1], args[2]); err == nil {
			reads++
		} else {
			failures++
			if firstError == nil {
				firstError = err.Error()
			}
		}
	}
	return answer{"reads": reads, "errors": failures, "tokens": len(credential.tokens), "firstError": firstError}, nil
}

func run(ctx context.Context, verb string, args []string) (answer, error) {
	choose := found
	if verb == "managed" {
		choose = func() (azcore.TokenCredential, error) { return managed(args) }
	}
	credential, err := choose()
	if err != nil {
		return nil, err
	}
	switch verb {
	case "managed", "default":
		return token(ctx, credential, args[0])
	case "loop":
		return loop(ctx, noting{credential, map[string]bool{}}, args)
	}
	client, err := azblob.NewClient(args[0], credential, nil)
	if err != nil {
		return nil, err
	}
	switch verb {
	case "get":
		body, err := read(ctx, client, args[1], args[2])
		return answer{"body": body}, err
	case "put":
		_, err := client.UploadBuffer(ctx, args[1], args[2], []byte("put by go"), nil)
		return answer{"put": args[2]}, err
	}
	return nil, fmt.Errorf("unknown verb %q", verb)
}

func main() {
	result, err := run(context.Background(), os.Args[1], os.Args[2:])
	status := 0
	if err != nil {
		result = answer{"name": fmt.Sprintf("%T", err), "message": err.Error()}
		status = 1
	}
	line, _ := json.Marshal(result)
	fmt.Println(string(line))
	os.Exit(status)
}
