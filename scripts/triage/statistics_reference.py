"""Expected values of the tests in src/triage/statistics.rs, by scikit-learn, scipy and statsmodels."""
import numpy as np, json
from scipy import stats
from sklearn.metrics import roc_auc_score, brier_score_loss
from statsmodels.stats.proportion import proportion_confint
s=np.array([.1,.4,.35,.8,.65,.65,.2,.9,.5,.3,.7,.05]); y=np.array([0,0,1,1,1,0,0,1,1,0,0,0])
print('auc',roc_auc_score(y,s)); print('brier',brier_score_loss(y,s))
# DeLong 1988 by its definition (structural components), independent of ranks
p,n=s[y==1],s[y==0]
psi=lambda a,b: 1.0 if a>b else .5 if a==b else 0.
v10=[np.mean([psi(a,b) for b in n]) for a in p]; v01=[np.mean([psi(a,b) for a in p]) for b in n]
var=np.var(v10,ddof=1)/len(p)+np.var(v01,ddof=1)/len(n); print('se',var**.5, len(p),len(n))
a=np.mean(v10); z=stats.norm.ppf(.975); print('ci',a-z*var**.5,a+z*var**.5)
for k,m in ((8,10),(0,7),(7,7),(45,90)): print('wilson',k,m,proportion_confint(k,m,.05,'wilson'))
