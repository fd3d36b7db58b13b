// One function of each interface, and not the others.
int rknn_init(void);
int aclInit(void);
int bm_dev_getcount(void);
int CVI_NN_RegisterModelFromBuffer(void);

int rknn_init(void) { return -1; }
int aclInit(void) { return -1; }
int bm_dev_getcount(void) { return -1; }
int CVI_NN_RegisterModelFromBuffer(void) { return -1; }
