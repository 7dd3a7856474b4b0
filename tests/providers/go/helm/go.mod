module authstream/helm

go 1.26

tool helm.sh/helm/v3/cmd/helm
