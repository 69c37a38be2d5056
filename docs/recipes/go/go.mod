module example/segur

go 1.19
